/** The words of `parterre rehearse`, read and checked. */
import { parseArgs } from 'node:util';
import { PROFILES, type ProfileId } from '@parterre/protocol';
import { liveUrl } from '../probe/index.ts';
import { CAPACITY_MIN, ConfigError } from './config.ts';

export interface RehearseWords {
  /** The page of a space; null starts a server for it. */
  readonly url: string | null;
  readonly scenario: string;
  readonly listeners: number;
  readonly scale: number;
  readonly speed: number;
  readonly seconds: number | null;
  readonly pace: number;
  readonly profile: ProfileId | null;
  readonly edges: number | null;
  /** Listeners that an own server takes in; null takes in everybody. */
  readonly capacity: number | null;
  /** How many times the capacity come, one crowd after the other; empty without a comparison. */
  readonly crowds: readonly number[];
  readonly findCapacity: boolean;
  readonly json: string | null;
  readonly report: string | null;
  readonly permit: string | null;
  readonly certificate: string | null;
}

const LISTENERS_DEFAULT = 1_000;
const PACE_DEFAULT = 1_000;

/** @throws ConfigError for wrong words */
export function rehearseWords(args: string[]): RehearseWords {
  const { values, positionals } = parsed(args);
  if (positionals.length > 1) throw new ConfigError('"rehearse" takes one address at most.');
  const profile = values.profile ?? null;
  if (profile !== null && !Object.hasOwn(PROFILES, profile))
    throw new ConfigError(`--profile must be one of ${Object.keys(PROFILES).join(', ')}.`);
  const number = (name: keyof typeof values, min: number, max: number): number | null =>
    values[name] === undefined ? null : numberOf(name, String(values[name]), min, max);
  return {
    url: positionals[0] === undefined ? null : pageOf(positionals[0]),
    scenario: values.scenario ?? 'steady',
    listeners: number('listeners', 1, 1_000_000) ?? LISTENERS_DEFAULT,
    scale: number('scale', 0.0001, 1_000) ?? 1,
    speed: number('speed', 0.01, 10_000) ?? 1,
    seconds: number('seconds', 1, 86_400),
    pace: number('pace', 1, 100_000) ?? PACE_DEFAULT,
    profile: profile as ProfileId | null,
    edges: number('edges', 1, 64),
    capacity: number('capacity', CAPACITY_MIN, 1_000_000),
    crowds: crowdsOf(values['against-capacity'], values.capacity, positionals.length),
    findCapacity: values['find-capacity'] ?? false,
    json: values.json ?? null,
    report: values.report ?? null,
    permit: values.permit ?? null,
    certificate: values.certificate ?? null,
  };
}

/** An address given as the live lane's is taken for the space's page. */
function pageOf(word: string): string {
  try {
    const url = liveUrl(word);
    return `${url.origin}/${url.pathname.split('/')[2]}`;
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

const CROWDS_MAX = 8;

/** `1,3,10`: sizes in ascending order, as multiples of `--capacity`. */
function crowdsOf(text: string | undefined, capacity: string | undefined, urls: number): number[] {
  if (capacity !== undefined && urls > 0)
    throw new ConfigError('--capacity is for a server that "rehearse" starts.');
  if (text === undefined) return [];
  if (capacity === undefined) throw new ConfigError('--against-capacity needs --capacity.');
  const crowds = text.split(',').map((each) => numberOf('against-capacity', each, 1, 100));
  const ascending = crowds.every((each, at) => at === 0 || each > crowds[at - 1]!);
  if (ascending && crowds.length <= CROWDS_MAX) return crowds;
  throw new ConfigError(
    `--against-capacity takes up to ${CROWDS_MAX} numbers in ascending order, as in 1,3,10.`,
  );
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw new ConfigError(`--${name} must be a number from ${min} to ${max}.`);
}

function parsed(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        scenario: text,
        listeners: text,
        scale: text,
        speed: text,
        seconds: text,
        pace: text,
        profile: text,
        edges: text,
        capacity: text,
        'against-capacity': text,
        json: text,
        report: text,
        permit: text,
        certificate: text,
        'find-capacity': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
