/** What every ProgrammeLog promises; `open` again on the same ground is a process that came back. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logChunk, recordsIn } from './programme-log.sample.ts';
import {
  endSeqOf,
  type LogWriter,
  type ProgrammeLog,
  type ProgrammeRecord,
} from './programme-log.ts';

export interface LogGround {
  /** The log on this ground; again after a crash. */
  open(): ProgrammeLog;
  close(): Promise<void>;
}

/** Buffers and Uint8Arrays of the same bytes are the same content. */
function content(record: ProgrammeRecord): unknown {
  if (record.kind === 'hole') return record;
  const frames = record.frames.map((frame) => [...frame]);
  return { ...record, frames, snapshot: [...record.snapshot] };
}

export function logContract(name: string, lay: () => Promise<LogGround>): void {
  describe(`ProgrammeLog: ${name}`, () => {
    let ground: LogGround;
    let log: ProgrammeLog;
    beforeEach(async () => {
      ground = await lay();
      log = ground.open();
    });
    afterEach(() => ground.close());

    const append = (writer: LogWriter, count: number): void => {
      for (let done = 0; done < count; done++)
        writer.append(logChunk(writer.nextSeq, writer.epoch));
    };
    const read = (from = 0, end = Number.MAX_SAFE_INTEGER): Promise<ProgrammeRecord[]> =>
      recordsIn(log.read('evening', 'voice', from, end));

    it('is empty before anything is appended', async () => {
      expect(await log.extent('evening', 'voice')).toBeNull();
      expect(await read()).toEqual([]);
      const writer = await log.openWriter('evening', 'voice', 0, 1e12);
      expect(writer.nextSeq).toBe(0);
      await writer.close();
      expect(await log.extent('evening', 'voice')).toBeNull();
    });

    it('[P7] gives back what was appended, by range, over many files', async () => {
      const writer = await log.openWriter('evening', 'voice', 0, 1e12);
      append(writer, 700);
      expect(await log.extent('evening', 'voice')).toEqual({ firstSeq: 0, nextSeq: 700 });
      const all = await read();
      expect(all.map(content)).toEqual(all.map((_, seq) => content(logChunk(seq, writer.epoch))));
      expect((await read(295, 305)).map(({ seq }) => seq)).toEqual([
        295, 296, 297, 298, 299, 300, 301, 302, 303, 304,
      ]);
      expect(await read(700)).toEqual([]);
      await writer.close();
    });

    it('refuses a record that does not begin where the last one ended', async () => {
      const writer = await log.openWriter('evening', 'voice', 0, 1e12);
      append(writer, 3);
      expect(() => writer.append(logChunk(4, writer.epoch))).toThrow(/next record is 3/);
      expect(() => writer.append(logChunk(2, writer.epoch))).toThrow(/next record is 3/);
      append(writer, 1);
      expect(await read()).toHaveLength(4);
      await writer.close();
    });

    it('[P3] goes on after a crash under a new epoch, with one hole for what is missing', async () => {
      const first = await log.openWriter('evening', 'voice', 0, 1e12);
      append(first, 10);
      log = ground.open();
      const second = await log.openWriter('evening', 'voice', 25, 1e12 + 25 * 200);
      expect(second.epoch).toBeGreaterThan(first.epoch);
      expect(second.nextSeq).toBe(25);
      append(second, 5);
      const all = await read();
      for (let index = 1; index < all.length; index++) {
        expect(all[index]!.seq).toBe(endSeqOf(all[index - 1]!));
      }
      const holes = all.filter(({ kind }) => kind === 'hole');
      expect(holes).toEqual([
        { kind: 'hole', seq: 10, endSeq: 25, epoch: second.epoch, capturedAtMs: 1e12 + 10 * 200 },
      ]);
      await second.close();
    });

    it('goes on beyond what it has, though less was asked', async () => {
      const first = await log.openWriter('evening', 'voice', 0, 1e12);
      append(first, 10);
      log = ground.open();
      const second = await log.openWriter('evening', 'voice', 4, 1e12);
      expect(second.nextSeq).toBe(10);
      await second.close();
    });

    it('takes a new epoch at each opening, though nothing is written', async () => {
      let last = 0;
      for (let round = 0; round < 4; round++) {
        const writer = await ground.open().openWriter('evening', 'voice', 0, 1e12);
        expect(writer.epoch).toBeGreaterThan(last);
        last = writer.epoch;
        await writer.close();
      }
    });

    it('begins a log that begins late with a hole', async () => {
      const writer = await log.openWriter('evening', 'voice', 7, 1e12);
      append(writer, 1);
      expect((await read()).map(({ kind, seq }) => [kind, seq])).toEqual([
        ['hole', 0],
        ['chunk', 7],
      ]);
      await writer.close();
    });

    it('keeps spaces and renditions apart, and removes one space alone', async () => {
      for (const [space, rendition] of [
        ['evening', 'voice'],
        ['evening', 'music'],
        ['matinee', 'voice'],
      ] as const) {
        const writer = await log.openWriter(space, rendition, 0, 1e12);
        append(writer, 2);
        await writer.sync();
        await writer.close();
      }
      await log.remove('evening');
      expect(await log.extent('evening', 'voice')).toBeNull();
      expect(await log.extent('evening', 'music')).toBeNull();
      expect(await log.extent('matinee', 'voice')).toEqual({ firstSeq: 0, nextSeq: 2 });
      await log.remove('evening');
    });
  });
}
