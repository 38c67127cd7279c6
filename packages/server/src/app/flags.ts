/**
 * Words of a command line: a command's own beside the configuration's, such as `--data` and `--config`.
 * Whatever is wrong with them is a ConfigError.
 */
import { parseArgs } from 'node:util';
import { CONFIG_KEYS, type Config, ConfigError, flagOf, loadConfig } from './config.ts';

type Kinds = Readonly<Record<string, 'string' | 'boolean'>>;

export interface Words<K extends Kinds> {
  /** What was given of the command's own flags. */
  readonly own: { readonly [N in keyof K]?: K[N] extends 'boolean' ? boolean : string };
  readonly positionals: readonly string[];
  readonly config: Config;
}

/** @throws ConfigError */
export function wordsOf<K extends Kinds>(args: string[], kinds: K): Words<K> {
  const options: Record<string, { type: 'string' | 'boolean' }> = { config: { type: 'string' } };
  for (const [key, spec] of Object.entries(CONFIG_KEYS))
    options[flagOf(key).slice(2)] = { type: spec.kind === 'boolean' ? 'boolean' : 'string' };
  for (const [name, type] of Object.entries(kinds)) options[name] = { type };
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args,
      options,
      strict: true,
      allowNegative: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
  const own: Record<string, unknown> = {};
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed.values)) {
    if (Object.hasOwn(kinds, name)) own[name] = value;
    else flags[`--${name}`] = String(value);
  }
  return {
    own: own as Words<K>['own'],
    positionals: parsed.positionals,
    config: loadConfig(flags, process.env),
  };
}

/** A number that was given in words. @throws ConfigError naming the flag and its rule */
export function numberOf(
  flag: string,
  text: string | undefined,
  rule: { readonly min: number; readonly max: number; readonly whole?: boolean },
): number {
  const { min, max, whole = true } = rule;
  const number = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
  throw new ConfigError(`${flag} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
}
