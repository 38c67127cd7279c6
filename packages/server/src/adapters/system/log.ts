/**
 * Logging by pino. Lines leave asynchronously so that a slow reader of the log never holds up a mixer
 * tick; what a stuck reader leaves unread is bounded and then dropped. What is pending is flushed at exit.
 */
import { type DestinationStream, destination, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Log } from '../../ports/log.ts';

/** Most that waits for a reader that does not read, bytes. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Which process is speaking; stands in every line. */
  readonly part: string;
  /** One readable line per message instead of JSON, for a terminal. */
  readonly pretty: boolean;
  /** File descriptor; standard output when left out. */
  readonly fd?: number;
}

export function createLog(options: LogOptions): Log {
  const lines = destination({
    dest: options.fd ?? 1,
    sync: false,
    minLength: 0,
    maxLength: PENDING_BYTES_MAX,
  });
  return pino(
    { level: options.level, base: { part: options.part } },
    options.pretty ? readable(lines) : lines,
  );
}

/** A log that keeps nothing, for tests and for tools that speak for themselves. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

function readable(lines: DestinationStream): DestinationStream {
  const format = prettyFactory({
    colorize: false,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => lines.write(format(line) ?? '') };
}
