/** Records for tests whose content follows from sequence and epoch, so that any mix-up shows. */
import type { Chunk, ProgrammeRecord } from './programme-log.ts';

export function logChunk(seq: number, epoch: number): Chunk {
  const frames = Array.from({ length: 10 }, (_, index) =>
    Uint8Array.of(0x78, seq & 0xff, (seq >> 8) & 0xff, epoch & 0xff, index),
  );
  const snapshot = new TextEncoder().encode(seq % 5 === 0 ? `{"seq":${seq}}` : '');
  return {
    kind: 'chunk',
    seq,
    epoch,
    capturedAtMs: 1e12 + seq * 200,
    peak: seq & 0xff,
    frames,
    snapshot,
  };
}

/** Everything a read gives. */
export async function recordsIn(read: AsyncIterable<ProgrammeRecord>): Promise<ProgrammeRecord[]> {
  const records: ProgrammeRecord[] = [];
  for await (const record of read) records.push(record);
  return records;
}
