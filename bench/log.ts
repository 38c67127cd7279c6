/**
 * `log.append.us`: what it costs the programme to append one chunk to its log on disk, write included and
 * sync left out (another thread does that). CPU time, over five minutes of programme a run.
 * `log.append.of_write`: the same against a bare write of as many bytes, interleaved.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdingFrames } from '@parterre/media';
import { RENDITIONS } from '@parterre/protocol';
import { encodeRecord } from '../packages/server/src/adapters/codec/index.ts';
import { DiskLog } from '../packages/server/src/adapters/disk/index.ts';
import { silentLog } from '../packages/server/src/adapters/system/index.ts';
import type { Chunk } from '../packages/server/src/ports/programme-log.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';

const CHUNKS = 1_500;
/** A snapshot with eight seats has about this size; every fifth chunk carries one. */
const SNAPSHOT_BYTES = 700;
const SNAPSHOT_EVERY = 5;

const chunks = Array.from(
  { length: CHUNKS },
  (_, seq): Chunk => ({
    kind: 'chunk',
    seq,
    epoch: 1,
    capturedAtMs: 1_800_000_000_000 + seq * 200,
    peak: seq & 0xff,
    frames: holdingFrames(RENDITIONS.voice, seq),
    snapshot: new Uint8Array(seq % SNAPSHOT_EVERY === 0 ? SNAPSHOT_BYTES : 0).fill(0x20),
  }),
);

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-log-'));
  const log = new DiskLog({ dir, log: silentLog });
  try {
    await append(log, 'warm-up');
    const { hash, bytesEach } = await readBack(log, 'warm-up');
    const appends: number[] = [];
    const ratios: number[] = [];
    for (let run = 0; run < runs; run++) {
      const ours = await append(log, `run-${run}`);
      const bare = write(join(dir, `bare-${run}`), bytesEach);
      appends.push(ours / CHUNKS);
      ratios.push(ours / bare);
    }
    yield { figure: 'log.append.us', value: median(appends), unit: 'µs', runs: appends, hash };
    yield { figure: 'log.append.of_write', value: median(ratios), unit: '1', runs: ratios };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @returns CPU of all appends, µs */
async function append(log: DiskLog, spaceId: string): Promise<number> {
  const writer = await log.openWriter(spaceId, 'voice', 0, 0);
  const before = process.cpuUsage();
  for (const chunk of chunks) writer.append(chunk);
  const { user, system } = process.cpuUsage(before);
  await writer.close();
  return user + system;
}

/** The same bytes in the same pieces, with nothing around them. @returns CPU of all writes, µs */
function write(path: string, bytesEach: number): number {
  const block = Buffer.alloc(bytesEach);
  const file = openSync(path, 'w');
  const before = process.cpuUsage();
  for (let index = 0; index < CHUNKS; index++) {
    writeSync(file, block, 0, bytesEach, index * bytesEach);
  }
  const { user, system } = process.cpuUsage(before);
  closeSync(file);
  return user + system;
}

async function readBack(
  log: DiskLog,
  spaceId: string,
): Promise<{ hash: string; bytesEach: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const record of log.read(spaceId, 'voice', 0, CHUNKS)) {
    if (record.kind === 'hole') throw new Error('The log has a hole.');
    const encoded = encodeRecord(record);
    hash.update(encoded);
    bytes += encoded.length;
  }
  return { hash: hash.digest('hex').slice(0, 12), bytesEach: Math.round(bytes / CHUNKS) };
}
