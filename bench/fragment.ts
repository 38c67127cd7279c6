/**
 * `fragment.wrap.us`: what it costs an edge to wrap one chunk of the programme as a movie fragment,
 * snapshot included, once per process. CPU time, over a minute of programme a run.
 */
import { createHash } from 'node:crypto';
import { holdingFrames, wrapFragment } from '@parterre/media';
import { RENDITIONS } from '@parterre/protocol';
import { type Figure, type FigureOptions, median } from './figure.ts';

const CHUNKS = 300;
const REPEATS = 20;
/** A snapshot with eight seats has about this size; every fifth chunk carries one. */
const SNAPSHOT_BYTES = 700;
const SNAPSHOT_EVERY = 5;

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const snapshot = new Uint8Array(SNAPSHOT_BYTES).fill(0x20);
  const none = new Uint8Array(0);
  const chunks = Array.from({ length: CHUNKS }, (_, seq) => ({
    seq,
    capturedAtMs: 1_800_000_000_000 + seq * 200,
    frames: holdingFrames(RENDITIONS.voice, seq),
    snapshot: seq % SNAPSHOT_EVERY === 0 ? snapshot : none,
  }));
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(wrapFragment(chunk));

  const wrapAll = (): number => {
    let bytes = 0;
    for (let i = 0; i < REPEATS; i++)
      for (const chunk of chunks) bytes += wrapFragment(chunk).length;
    return bytes;
  };
  wrapAll();
  const measured: number[] = [];
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    wrapAll();
    const { user, system } = process.cpuUsage(before);
    measured.push((user + system) / (CHUNKS * REPEATS));
  }
  yield {
    figure: 'fragment.wrap.us',
    value: median(measured),
    unit: 'µs',
    runs: measured,
    hash: hash.digest('hex').slice(0, 12),
  };
}
