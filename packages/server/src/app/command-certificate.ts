/**
 * `parterre certificate`: shows a capacity certificate, and checks whether it is a server's own, unchanged,
 * in force, and still of the server as it is [P8]. Whose it should be must be known: by the server's
 * address, by its key, or by the data folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificate, isCurrentCapacity } from '@parterre/protocol/certificate';
import type { ServerDescription } from '@parterre/protocol/rehearsal';
import { checkCertificate, readCertificate, type Standing } from '@parterre/rehearsal/certificate';
import { fingerprintOf, signingKey } from '@parterre/rehearsal/signing';
import { askApi } from './api-socket.ts';
import { newestOf } from './certificate-file.ts';
import { certificateWords, standingText } from './certificate-words.ts';
import { type Config, ConfigError } from './config.ts';
import { wordsOf } from './flags.ts';
import { loadSecrets } from './secrets.ts';

const ANSWER_MS_MAX = 10_000;

/** What is known of the server a certificate should be from. */
interface Authority {
  /** Of its key: SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly description: ServerDescription | null;
  /** The server's own word on the certificate it shows to everybody. */
  readonly current: (Pick<Standing, 'state' | 'differs'> & { readonly id: string }) | null;
}

/** @returns 0 valid or shown, 1 not. @throws ConfigError for wrong words */
export async function certificateCommand(args: string[]): Promise<number> {
  const { own, positionals, config } = wordsOf(args, {
    url: 'string',
    key: 'string',
    json: 'boolean',
  });
  const [what, file, ...more] = positionals;
  if (more.length > 0) throw new ConfigError(`"${more[0]}" has no meaning here.`);
  if (what === 'show') return show(config, file, own.json ?? false);
  if (what !== 'verify' || file === undefined)
    throw new ConfigError('Say "certificate verify FILE" or "certificate show [FILE]".');
  const authority = await authorityOf(config, own.url, own.key);
  const { certificate, standing } = judge(textOf(file), authority);
  if (own.json) {
    const { id = null, capacity = null, expiresAtMs = null } = certificate?.payload ?? {};
    process.stdout.write(`${JSON.stringify({ ...standing, id, capacity, expiresAtMs })}\n`);
  } else {
    process.stdout.write(standingText(standing));
    if (certificate !== null && standing.state !== 'forged')
      process.stdout.write(`\n${certificateWords(certificate)}`);
  }
  return standing.state === 'valid' ? 0 : 1;
}

/** A certificate from a file, or the newest of the data folder, which must be whole. */
export function certificateFrom(config: Config, file: string | undefined): Certificate {
  const text = file === undefined ? newestOf(config.data) : textOf(file);
  if (text === null)
    throw new ConfigError(
      `No certificate was issued from ${config.data} yet. Make one with "parterre rehearse", or name a file.`,
    );
  const { certificate, standing } = judge(text, null);
  if (certificate === null || standing.state === 'forged')
    throw new ConfigError(`This is no certificate: ${standing.words}`);
  return certificate;
}

function show(config: Config, file: string | undefined, json: boolean): number {
  const certificate = certificateFrom(config, file);
  process.stdout.write(
    json ? `${JSON.stringify(certificate, null, 2)}\n` : certificateWords(certificate),
  );
  return 0;
}

function judge(
  text: string,
  authority: Authority | null,
): { certificate: Certificate | null; standing: Standing } {
  const certificate = readCertificate(text);
  if (certificate === null) {
    const words =
      'The file is not byte for byte as a server writes it: fetch it again from /api/certificates/{id}.';
    return { certificate, standing: { state: 'forged', differs: [], words } };
  }
  const { fingerprint = null, description = null, current = null } = authority ?? {};
  const own = fingerprintOf(certificate.publicKey) === fingerprint ? certificate.publicKey : '';
  const publicKey = fingerprint === null ? null : own;
  const standing = checkCertificate(certificate, publicKey, Date.now(), description);
  if (standing.state === 'valid' && current?.id === certificate.payload.id) {
    const { state, differs } = current;
    const words =
      state === 'stale'
        ? `The server says that it has changed: ${differs.join(', ')}.`
        : standing.words;
    return { certificate, standing: { state, differs, words } };
  }
  return { certificate, standing };
}

async function authorityOf(
  config: Config,
  url: string | undefined,
  key: string | undefined,
): Promise<Authority> {
  if (url !== undefined) return ofServer(url);
  if (key !== undefined) {
    if (!/^[0-9a-f]{64}$/.test(key))
      throw new ConfigError('--key must be a key’s fingerprint, 64 of 0–9 and a–f.');
    return { fingerprint: key, description: null, current: null };
  }
  if (!existsSync(join(config.data, 'secrets.json')))
    throw new ConfigError(
      'Say whose it should be: --url https://server, --key KEY, or --data with the server’s folder.',
    );
  const answer = await askApi(config.data, 'GET', '/api/server');
  return {
    fingerprint: signingKey(loadSecrets(config.data).signingSeed).fingerprint,
    description: answer?.status === 200 ? (JSON.parse(answer.body) as ServerDescription) : null,
    current: null,
  };
}

/** What the server itself says; its description only where it tells it to who asks. */
async function ofServer(url: string): Promise<Authority> {
  if (!URL.canParse(url)) throw new ConfigError('--url must be an address such as https://server.');
  const { origin } = new URL(url);
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${origin}${path}`, {
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    }).catch(() => null);
    return response?.ok ? response.json() : null;
  };
  const known = await ask('/api/certificates/current');
  if (!isCurrentCapacity(known))
    throw new ConfigError(`${origin} does not answer as a Parterre that can be rehearsed.`);
  const description = (await ask('/api/server')) as ServerDescription | null;
  return { fingerprint: known.fingerprint, description, current: known.current };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
