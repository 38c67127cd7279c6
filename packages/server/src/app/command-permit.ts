/**
 * `parterre permit`: the owner's leave to rehearse on this server from elsewhere, signed with the data
 * folder's key; and its withdrawal, which the running server is told at once.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import {
  PERMIT_JOINS_MAX,
  PERMIT_LISTENERS_MAX,
  PERMIT_MS_MAX,
  PERMIT_SECONDS_MAX,
  type PermitPayload,
} from '@parterre/protocol/certificate';
import { signPermit } from '@parterre/rehearsal/permit';
import { signingKey } from '@parterre/rehearsal/signing';
import { askApi } from './api-socket.ts';
import { type Config, ConfigError } from './config.ts';
import { numberOf, wordsOf } from './flags.ts';
import { publicUrlOf } from './public-url.ts';
import { loadSecrets } from './secrets.ts';

const HOUR_MS = 3_600_000;
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** @returns 0 done, 1 it could not be taken back. @throws ConfigError for wrong words */
export async function permitCommand(args: string[]): Promise<number> {
  const { own, positionals, config } = wordsOf(args, {
    listeners: 'string',
    'joins-per-s': 'string',
    minutes: 'string',
    hours: 'string',
    disturb: 'boolean',
    out: 'string',
    revoke: 'string',
  });
  if (positionals.length > 0) throw new ConfigError(`"${positionals[0]}" has no meaning here.`);
  if (own.revoke !== undefined) return revoke(config, own.revoke);
  const hours = numberOf('--hours', own.hours ?? '24', { min: 1, max: PERMIT_MS_MAX / HOUR_MS });
  const key = signingKey(loadSecrets(config.data).signingSeed);
  const nowMs = Date.now();
  const payload: PermitPayload = {
    v: 1,
    id: randomBytes(8).toString('hex'),
    audience: audienceOf(config),
    key: key.fingerprint,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + hours * HOUR_MS,
    listeners: numberOf('--listeners', own.listeners, { min: 1, max: PERMIT_LISTENERS_MAX }),
    joinsPerS: numberOf('--joins-per-s', own['joins-per-s'], { min: 1, max: PERMIT_JOINS_MAX }),
    seconds: 60 * numberOf('--minutes', own.minutes, { min: 1, max: PERMIT_SECONDS_MAX / 60 }),
    disturb: own.disturb ?? false,
  };
  const text = `${signPermit(key, payload)}\n`;
  if (own.out === undefined) process.stdout.write(text);
  else writeFileSync(own.out, text, { mode: 0o600 });
  process.stderr.write(explained(payload));
  return 0;
}

function explained(payload: PermitPayload): string {
  const { id, audience, listeners, joinsPerS, seconds, disturb, expiresAtMs } = payload;
  const manners = disturb
    ? 'The crowd may behave badly: retry storms, slow readers, mass exits.'
    : 'The crowd behaves well.';
  return [
    `Permit ${id} for ${audience}: ${listeners} listeners, ${joinsPerS} joins a second, ${seconds / 60} minutes. ${manners}`,
    `It can be used until ${new Date(expiresAtMs).toISOString()}, with: parterre rehearse ${audience}/SPACE --permit FILE`,
    `Taken back with: parterre permit --revoke ${id}`,
    '',
  ].join('\n');
}

/** The origin people reach this server at. @throws ConfigError when it is this machine alone */
function audienceOf(config: Config): string {
  const { origin, hostname } = new URL(publicUrlOf(config));
  if (LOOPBACK.test(hostname))
    throw new ConfigError(
      'A rehearsal on this machine needs no permit. For one from elsewhere set --public-url to the address it will use.',
    );
  return origin;
}

async function revoke(config: Config, id: string): Promise<number> {
  if (!/^[a-z0-9]{16}$/.test(id))
    throw new ConfigError('--revoke must be the number of a permit, 16 letters and digits.');
  const answer = await askApi(config.data, 'DELETE', `/api/rehearsals/permits/${id}`);
  if (answer?.status === 204) {
    process.stdout.write(`Permit ${id} is taken back; who rehearses with it stops now.\n`);
    return 0;
  }
  const why =
    answer === null
      ? `No server runs on ${config.data}. While none does the permit is worth nothing; start it and revoke again.`
      : `The server refused (${answer.status}): ${answer.body}`;
  process.stderr.write(`parterre: ${why}\n`);
  return 1;
}
