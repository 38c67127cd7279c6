/** What the server tells of itself at `/metrics`, once a second: read, never trusted for the promises. */
import { FRAMES_PER_CHUNK } from '@parterre/protocol';
import type { TickHistogram } from './mixer-figures.ts';

/** The server at one moment. Times in s, sizes in bytes. */
export interface ServerFigures {
  /** CPU since each process began, by process. */
  readonly cpuS: Readonly<Record<string, number>>;
  readonly memoryBytes: number;
  /** Worst p99 event-loop delay of an edge, ms. */
  readonly loopDelayMs: number;
  readonly flushMs: number | null;
  readonly ticksSkipped: number | null;
  readonly ticks: TickHistogram | null;
  readonly listeners: number;
  readonly sentBytes: number;
  /** Largest share of the descriptors a process may hold that one holds. */
  readonly descriptors: number;
  /** Connections refused because an edge was full. */
  readonly refusedFull: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (\S+)$/;
const LABEL = /(\w+)="([^"]*)"/g;

interface Row {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the Prometheus text format; lines it does not know are passed over. */
export function figuresOf(text: string): ServerFigures {
  const rows = text.split('\n').flatMap(rowOf);
  const named = (name: string): Row[] => rows.filter((row) => row.name === name);
  const sum = (name: string): number => named(name).reduce((all, { value }) => all + value, 0);
  const most = (name: string): number | null =>
    named(name).reduce<number | null>((all, { value }) => Math.max(all ?? 0, value), null);
  const cpuS = Object.fromEntries(
    named('process_cpu_seconds_total').map(({ labels, value }) => [labels.part ?? '', value]),
  );
  const fdsMax = new Map(
    named('process_max_fds').map(({ labels, value }) => [labels.part, value] as const),
  );
  const skipped = most('parterre_programme_chunks_skipped_total');
  const flushS = most('parterre_edge_flush_interval_seconds');
  return {
    cpuS,
    memoryBytes: sum('process_resident_memory_bytes'),
    loopDelayMs: (most('parterre_edge_event_loop_delay_p99_seconds') ?? 0) * 1_000,
    flushMs: flushS === null ? null : flushS * 1_000,
    ticksSkipped: skipped === null ? null : skipped * FRAMES_PER_CHUNK,
    ticks: ticksOf(named),
    listeners: sum('parterre_edge_listeners'),
    sentBytes: sum('parterre_edge_sent_bytes_total'),
    descriptors: named('process_open_fds').reduce(
      (all, { labels, value }) =>
        Math.max(all, value / (fdsMax.get(labels.part) ?? Number.POSITIVE_INFINITY)),
      0,
    ),
    refusedFull: named('parterre_edge_refusals_total')
      .filter(({ labels }) => labels.reason === 'connections')
      .reduce((all, { value }) => all + value, 0),
  };
}

function ticksOf(named: (name: string) => Row[]): TickHistogram | null {
  const name = 'parterre_programme_tick_late_seconds';
  const count = (rows: Row[]): number => rows.reduce((all, { value }) => all + value, 0);
  const counts = named(`${name}_count`);
  if (counts.length === 0) return null;
  const buckets = new Map<number, number>();
  for (const { labels, value } of named(`${name}_bucket`)) {
    const atMostS = Number(labels.le);
    if (Number.isFinite(atMostS)) buckets.set(atMostS, (buckets.get(atMostS) ?? 0) + value);
  }
  return {
    count: count(counts),
    sumS: count(named(`${name}_sum`)),
    buckets: [...buckets].sort(([a], [b]) => a - b),
  };
}

/** CPU used between two moments, by process, s; one that began anew counts from nothing. */
export function cpuBetween(before: ServerFigures, after: ServerFigures): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.cpuS).map(([part, seconds]) => {
      const used = seconds - (before.cpuS[part] ?? 0);
      return [part, used < 0 ? seconds : used];
    }),
  );
}

function rowOf(line: string): Row[] {
  const [, name, labels = '', value] = LINE.exec(line) ?? [];
  if (name === undefined || !Number.isFinite(Number(value))) return [];
  const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key!, text!]);
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
}
