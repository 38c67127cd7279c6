/** A link that signs the owner in, once, within a day. Needs nothing but the data folder. */
import { randomBytes } from 'node:crypto';
import { OWNER_LINK_MS, signOwnerLink } from '../spaces/index.ts';
import type { Config } from './config.ts';
import { publicUrlOf } from './public-url.ts';
import { loadSecrets } from './secrets.ts';
import { addressAt, socketsOf } from './sockets.ts';

/** The link at the address of the server that runs on the data folder, unless another is configured. */
export async function ownerLinkOfRunning(config: Config): Promise<string> {
  if (config.publicUrl !== '') return ownerLink(config);
  return ownerLink({ ...config, publicUrl: await addressAt(socketsOf(config.data).supervisor) });
}

export function ownerLink(config: Config): string {
  const { ownerKey } = loadSecrets(config.data);
  const token = signOwnerLink(ownerKey, {
    id: randomBytes(16).toString('hex'),
    expiresAtMs: Date.now() + OWNER_LINK_MS,
  });
  return `${publicUrlOf(config)}/owner#token=${token}`;
}
