/**
 * The configuration: file (JSON), then environment (`PARTERRE_…`), then flags; later ones win. Unknown
 * keys are refused. This table is the single source: `--help`, `docs/operate/configuration.md` and the
 * tests read it.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { iceServersOf } from '../spaces/index.ts';
import { EDGES_MAX } from './places.ts';

type Kind = 'string' | 'integer' | 'boolean' | 'list';

interface Key {
  readonly kind: Kind;
  readonly fallback: string | number | boolean | readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
  readonly about: string;
}

export const CONFIG_KEYS = {
  host: { kind: 'string', fallback: '0.0.0.0', about: 'Numeric address to listen on.' },
  port: {
    kind: 'integer',
    fallback: 8040,
    min: 0,
    max: 65_535,
    about: 'TCP port of the public address; 0 takes a free one.',
  },
  data: { kind: 'string', fallback: 'data', about: 'Folder for everything that is kept.' },
  publicUrl: {
    kind: 'string',
    fallback: '',
    about:
      'Address people use, such as https://live.example.org; made from host and port when empty.',
  },
  tlsCert: {
    kind: 'string',
    fallback: '',
    about: 'PEM certificate chain; with tlsKey the port speaks HTTPS.',
  },
  tlsKey: { kind: 'string', fallback: '', about: 'PEM private key.' },
  edges: {
    kind: 'integer',
    fallback: 0,
    min: 0,
    max: EDGES_MAX,
    about:
      'Edge processes; 0 takes two or more, as cores, descriptors and listenersMax call for, so that one can fail unheard.',
  },
  listenersMax: {
    kind: 'integer',
    fallback: 10_000,
    min: 1,
    max: 10_000_000,
    about: 'House that this machine is asked to hold; decides how many edges there are.',
  },
  capacity: {
    kind: 'integer',
    fallback: 0,
    min: 0,
    max: 10_000_000,
    about:
      'Listeners taken in at once; more wait in line. 0 takes what a valid certificate held, or listenersMax where that is more; any other is 100 or more.',
  },
  rtcPort: {
    kind: 'integer',
    fallback: 8041,
    min: 0,
    max: 65_535,
    about: 'UDP port for all speakers; 0 takes a free one.',
  },
  rtcAddresses: {
    kind: 'list',
    fallback: [],
    about: 'Public addresses of rtcPort to offer to speakers beside the machine’s own.',
  },
  iceServers: {
    kind: 'list',
    fallback: [],
    about:
      'STUN and TURN addresses for speakers: stun:host:port, or turns:user:password@host:port.',
  },
  trustProxy: {
    kind: 'boolean',
    fallback: false,
    about:
      'Believe Forwarded, X-Forwarded-For and X-Forwarded-Proto; only behind a proxy of your own.',
  },
  proxyProtocol: {
    kind: 'boolean',
    fallback: false,
    about:
      'Every connection begins with a PROXY protocol header, version 2, and is refused without; only behind a load balancer of your own.',
  },
  spacesMax: {
    kind: 'integer',
    fallback: 8,
    min: 1,
    max: 64,
    about: 'Spaces that may run at once.',
  },
  speakersMax: { kind: 'integer', fallback: 16, min: 1, max: 64, about: 'Seats on one stage.' },
  idleEndMinutes: {
    kind: 'integer',
    fallback: 60,
    min: 1,
    max: 10_080,
    about:
      'A space with nobody on stage ends itself after this long, once its start has come or, without an announced start, once its doors are open.',
  },
  retentionDays: {
    kind: 'integer',
    fallback: 30,
    min: 0,
    max: 36_500,
    about: 'Recordings are removed this long after the end; 0 keeps them.',
  },
  hls: {
    kind: 'string',
    fallback: 'plain',
    oneOf: ['off', 'plain', 'cached'],
    about:
      'The hls lane: `off`; `plain`, whole segments alone; `cached`, also 1 s parts with blocking reloads and delta playlists, for a cache that stands in front.',
  },
  hlsBase: {
    kind: 'string',
    fallback: '',
    about:
      'Address of the cache in front of the hls lane, such as https://cache.example.org, when it is not the public one; with `hls` set to `cached` newcomers are sent there before the house is full.',
  },
  egressBpsMax: {
    kind: 'integer',
    fallback: 0,
    min: 0,
    max: 1_000_000_000_000_000,
    about:
      'What the way out holds, bits a second of what listeners are sent; near it newcomers get a leaner rendition, at it they wait. 0 sets no bound.',
  },
  hlsAac: {
    kind: 'boolean',
    fallback: true,
    about:
      'Offer AAC beside Opus on the hls lane, for players that know no Opus; an edge encodes it while somebody asks for it.',
  },
  logLevel: {
    kind: 'string',
    fallback: 'info',
    oneOf: ['debug', 'info', 'warn', 'error'],
    about: 'Least level that is logged.',
  },
  store: {
    kind: 'string',
    fallback: '',
    about:
      'postgres://… to keep spaces and invitations in PostgreSQL; SQLite in the data folder when empty.',
  },
  demo: {
    kind: 'boolean',
    fallback: false,
    about: 'Open a demo space in which two sample voices converse.',
  },
} as const satisfies Record<string, Key>;

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly publicUrl: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly edges: number;
  readonly listenersMax: number;
  readonly capacity: number;
  readonly rtcPort: number;
  readonly rtcAddresses: readonly string[];
  readonly iceServers: readonly string[];
  readonly trustProxy: boolean;
  readonly proxyProtocol: boolean;
  readonly spacesMax: number;
  readonly speakersMax: number;
  readonly idleEndMinutes: number;
  readonly retentionDays: number;
  readonly hls: 'off' | 'plain' | 'cached';
  readonly hlsBase: string;
  readonly egressBpsMax: number;
  readonly hlsAac: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly store: string;
  readonly demo: boolean;
}

/** Fewer listeners need no gate. */
export const CAPACITY_MIN = 100;

/** What is wrong with the configuration, in words for the operator. */
export class ConfigError extends Error {}

type Draft = Record<string, unknown>;

/** `--tls-cert` ↔ `tlsCert`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `PARTERRE_TLS_CERT` ↔ `tlsCert`. */
export function variableOf(key: string): string {
  return `PARTERRE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * @param flags what followed the command, already split: `{ '--port': '8040' }`; a bare flag is `'true'`
 * @throws ConfigError naming the key, where it stood, the rule and the value
 */
export function loadConfig(
  flags: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): Config {
  const draft: Draft = {};
  for (const [key, spec] of Object.entries(CONFIG_KEYS)) draft[key] = spec.fallback;
  const path = flags['--config'] ?? environment.PARTERRE_CONFIG;
  if (path !== undefined) applyFile(draft, path);
  applyEnvironment(draft, environment);
  applyFlags(draft, flags);
  const config = draft as unknown as Config;
  if ((config.tlsCert === '') !== (config.tlsKey === '')) {
    throw new ConfigError('tlsCert and tlsKey go together: give both or neither.');
  }
  if (config.capacity > 0 && config.capacity < CAPACITY_MIN)
    throw new ConfigError(`"capacity" must be 0, or ${CAPACITY_MIN} or more.`);
  checkOrigin('publicUrl', config.publicUrl);
  checkOrigin('hlsBase', config.hlsBase);
  checkIceServers(config.iceServers);
  return { ...config, data: resolve(config.data) };
}

function checkOrigin(key: string, origin: string): void {
  if (origin === '') return;
  const url = URL.parse(origin);
  const isOrigin = url !== null && url.href.replace(/\/$/, '') === url.origin;
  if (isOrigin && (url.protocol === 'http:' || url.protocol === 'https:')) return;
  throw new ConfigError(
    `"${key}" must be an address such as https://live.example.org: http or https, a name, perhaps a port, and no path.`,
  );
}

function checkIceServers(words: readonly string[]): void {
  try {
    iceServersOf(words);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

function applyFile(draft: Draft, path: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      `The configuration file ${path} cannot be read as JSON: ${(error as Error).message}`,
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError(`The configuration file ${path} must hold one JSON object.`);
  }
  for (const [key, value] of Object.entries(parsed))
    draft[known(key, path)] = checked(key, value, path);
}

function applyEnvironment(draft: Draft, environment: NodeJS.ProcessEnv): void {
  const keys = new Map(Object.keys(CONFIG_KEYS).map((key) => [variableOf(key), key]));
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('PARTERRE_') || variable === 'PARTERRE_CONFIG' || text === undefined)
      continue;
    const key = keys.get(variable);
    if (key === undefined)
      throw new ConfigError(
        `The environment variable ${variable} is not known. See docs/operate/configuration.md.`,
      );
    draft[key] = checked(key, fromText(key, text), variable);
  }
}

function applyFlags(draft: Draft, flags: Readonly<Record<string, string>>): void {
  const keys = new Map(Object.keys(CONFIG_KEYS).map((key) => [flagOf(key), key]));
  for (const [flag, text] of Object.entries(flags)) {
    if (flag === '--config') continue;
    const key = keys.get(flag);
    if (key === undefined)
      throw new ConfigError(`The flag ${flag} is not known. See parterre --help.`);
    draft[key] = checked(key, fromText(key, text), flag);
  }
}

function known(key: string, where: string): string {
  if (!Object.hasOwn(CONFIG_KEYS, key)) {
    throw new ConfigError(
      `The key "${key}" in ${where} is not known. See docs/operate/configuration.md.`,
    );
  }
  return key;
}

function fromText(key: string, text: string): unknown {
  const { kind } = CONFIG_KEYS[key as keyof typeof CONFIG_KEYS] as Key;
  if (kind === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (kind === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (kind === 'list') return text === '' ? [] : text.split(',').map((item) => item.trim());
  return text;
}

function checked(key: string, value: unknown, where: string): unknown {
  const spec = CONFIG_KEYS[key as keyof typeof CONFIG_KEYS] as Key;
  const rule = brokenRule(spec, value);
  // The value is not repeated: it may be a database password or a TURN credential.
  if (rule !== null) throw new ConfigError(`"${key}" in ${where} must be ${rule}.`);
  return value;
}

function brokenRule(spec: Key, value: unknown): string | null {
  switch (spec.kind) {
    case 'integer': {
      const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = spec;
      const holds = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
      return holds ? null : `a whole number from ${min} to ${max}`;
    }
    case 'boolean':
      return typeof value === 'boolean' ? null : 'true or false';
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? null
        : 'a list of words';
    case 'string':
      if (typeof value !== 'string') return 'a text';
      return spec.oneOf === undefined || spec.oneOf.includes(value)
        ? null
        : `one of ${spec.oneOf.join(', ')}`;
  }
}
