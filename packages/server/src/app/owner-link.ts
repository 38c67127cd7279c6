/** A link that signs the owner in, once, within a day. Needs the data folder's keys and nothing else. */
import { randomBytes } from 'node:crypto';
import { OWNER_LINK_MS, signOwnerLink } from '../spaces/index.ts';
import type { Config } from './config.ts';
import { publicUrlOf } from './public-url.ts';
import { loadSecrets } from './secrets.ts';

export function ownerLink(config: Config): string {
  const { ownerKey } = loadSecrets(config.data);
  const token = signOwnerLink(ownerKey, {
    id: randomBytes(16).toString('hex'),
    expiresAtMs: Date.now() + OWNER_LINK_MS,
  });
  return `${publicUrlOf(config)}/owner#token=${token}`;
}
