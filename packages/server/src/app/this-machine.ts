/** The machine this process runs on, as a rehearsal's result describes it and its verdict needs it. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, freemem, release, totalmem, type } from 'node:os';
import type { Machine } from '@parterre/protocol/rehearsal';

/** What most systems allow when they do not tell. */
const DESCRIPTORS_USUAL = 1_024;

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim().slice(0, 200) ?? 'unknown',
    cores: cores(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`.slice(0, 200),
    node: process.versions.node,
  };
}

export function cores(): number {
  return availableParallelism();
}

/** The share of the memory that programs can still get. */
export function memoryFree(): number {
  const available = /MemAvailable:\s+(\d+) kB/.exec(textOf('/proc/meminfo'))?.[1];
  return (available === undefined ? freemem() : Number(available) * 1_024) / totalmem();
}

/** How many descriptors one process may open. */
export function descriptorsMax(): number {
  const soft = /Max open files\s+(\S+)/.exec(textOf('/proc/self/limits'))?.[1];
  if (soft === 'unlimited') return Number.MAX_SAFE_INTEGER;
  return soft === undefined ? DESCRIPTORS_USUAL : Number(soft);
}

/** The fastest link's speed, bytes a second; null when the system does not tell. */
export function linkBytesPerS(): number | null {
  const speeds = namesIn('/sys/class/net').map((name) =>
    Number(textOf(`/sys/class/net/${name}/speed`) || 0),
  );
  const fastest = Math.max(0, ...speeds);
  return fastest > 0 ? (fastest * 1e6) / 8 : null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
