/** `parterre probe`: the words of its command line. Loads nothing of the server. */
import { parseArgs } from 'node:util';
import { systemClock, systemTimers } from '../adapters/system/index.ts';
import { liveUrl, runProbe } from '../probe/index.ts';
import { ConfigError } from './config.ts';

const SECONDS_MAX = 86_400;

/** @returns 0 when the programme arrived whole, 1 when it did not. @throws ConfigError for wrong words */
export async function probeCommand(args: string[]): Promise<number> {
  const { url, seconds, json } = read(args);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  return runProbe({
    url,
    seconds,
    json,
    signal: interrupted.signal,
    clock: systemClock,
    timers: systemTimers,
    write: (text) => process.stdout.write(text),
  });
}

function read(args: string[]): { url: string; seconds: number; json: boolean } {
  let words: ReturnType<typeof parse>;
  try {
    words = parse(args);
    liveUrl(words.positionals[0] ?? '');
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
  const seconds = Number(words.values.seconds);
  if (!(seconds >= 1 && seconds <= SECONDS_MAX))
    throw new ConfigError(`--seconds must be from 1 to ${SECONDS_MAX}.`);
  return { url: words.positionals[0]!, seconds, json: words.values.json };
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    },
  });
}
