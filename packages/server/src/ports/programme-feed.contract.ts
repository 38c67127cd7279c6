/**
 * What every ProgrammeFeed promises its readers. The subject offers a feed, the source behind it, and ways
 * to break the connection between the two; conditions are waited for, never times.
 */
import type { PublicSpace } from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FeedReader, ProgrammeFeed } from './programme-feed.ts';
import { logChunk } from './programme-log.sample.ts';
import { endSeqOf, type ProgrammeRecord } from './programme-log.ts';

export interface FeedSubject {
  readonly feed: ProgrammeFeed;
  /** The programme's side. */
  space(space: PublicSpace, anchorMs: number | null): void;
  removed(spaceId: string): void;
  append(spaceId: string, rendition: string, record: ProgrammeRecord): void;
  /** Cuts every connection; `whileAway` runs before a reader can be back. Absent where nothing can be cut. */
  interrupt?(whileAway: () => void): Promise<void>;
  close(): Promise<void>;
}

class Reader implements FeedReader {
  readonly spaces = new Map<string, { space: PublicSpace; anchorMs: number | null }>();
  readonly records: ProgrammeRecord[] = [];
  space(space: PublicSpace, anchorMs: number | null): void {
    this.spaces.set(space.id, { space, anchorMs });
  }
  removed(spaceId: string): void {
    this.spaces.delete(spaceId);
    if (spaceId === 'evening') this.records.length = 0;
  }
  record(_spaceId: string, _rendition: string, record: ProgrammeRecord): void {
    const last = this.records.at(-1);
    if (last !== undefined) expect(record.seq).toBe(endSeqOf(last));
    this.records.push(record);
  }
  get nextSeq(): number {
    const last = this.records.at(-1);
    return last === undefined ? -1 : endSeqOf(last);
  }
}

/** A space as a test needs one. */
export function sampleSpace(id: string, state: PublicSpace['state'] = 'live'): PublicSpace {
  return {
    id,
    title: 'An evening',
    host: 'Ada',
    state,
    profile: 'near',
    rendition: 'voice',
    startsAtMs: 1_000,
    doorsAtMs: 0,
    liveAtMs: state === 'live' ? 1_000 : null,
    endedAtMs: null,
    replayReady: false,
  };
}

export function feedContract(name: string, open: () => Promise<FeedSubject>): void {
  describe(`ProgrammeFeed: ${name}`, () => {
    let subject: FeedSubject;
    let reader: Reader;
    let line: { close(): void } | undefined;
    let seq: number;

    beforeEach(async () => {
      subject = await open();
      reader = new Reader();
      seq = 100;
      line = undefined;
      subject.space(sampleSpace('evening'), 5_000);
    });
    afterEach(async () => {
      line?.close();
      await subject.close();
    });

    const append = (count: number) => {
      for (let done = 0; done < count; done++, seq++) {
        subject.append('evening', 'voice', logChunk(seq, 1));
      }
    };
    const upToDate = () => vi.waitFor(() => expect(reader.nextSeq).toBe(seq));

    it('tells every known space, then starts with the tail asked for', async () => {
      append(50);
      line = subject.feed.follow(reader, 7);
      await upToDate();
      expect(reader.records.map((record) => record.seq)).toEqual([
        143, 144, 145, 146, 147, 148, 149,
      ]);
      expect(reader.spaces.get('evening')).toEqual({
        space: sampleSpace('evening'),
        anchorMs: 5_000,
      });
    });

    it('[P3] hands on every record as it was appended, snapshots and holes too', async () => {
      line = subject.feed.follow(reader, 10);
      await vi.waitFor(() => expect(reader.spaces.has('evening')).toBe(true));
      append(6);
      subject.append('evening', 'voice', {
        kind: 'hole',
        seq,
        endSeq: seq + 4,
        epoch: 2,
        capturedAtMs: 1,
      });
      seq += 4;
      append(6);
      await upToDate();
      expect(reader.records.find((record) => record.kind === 'hole')).toMatchObject({
        endSeq: 110,
      });
      for (const record of reader.records) {
        if (record.kind !== 'chunk') continue;
        const sample = logChunk(record.seq, 1);
        expect(record.frames.map((frame) => [...frame])).toEqual(sample.frames.map((f) => [...f]));
        expect([...record.snapshot]).toEqual([...sample.snapshot]);
        expect(record).toMatchObject({
          epoch: 1,
          peak: sample.peak,
          capturedAtMs: sample.capturedAtMs,
        });
      }
      expect(reader.records[0]!.seq).toBe(100);
    });

    it('tells changes and removals', async () => {
      line = subject.feed.follow(reader, 1);
      subject.space(sampleSpace('matinee', 'scheduled'), null);
      await vi.waitFor(() => expect(reader.spaces.has('matinee')).toBe(true));
      subject.space(sampleSpace('matinee', 'live'), 9);
      await vi.waitFor(() => expect(reader.spaces.get('matinee')?.anchorMs).toBe(9));
      subject.removed('matinee');
      await vi.waitFor(() => expect(reader.spaces.has('matinee')).toBe(false));
    });

    it('[P1] goes on after an interruption without a record missing or doubled', async () => {
      line = subject.feed.follow(reader, 5);
      append(5);
      await upToDate();
      if (subject.interrupt === undefined) return;
      for (let round = 0; round < 3; round++) {
        await subject.interrupt(() => append(20));
        append(3);
        await upToDate();
      }
      expect(reader.records.every((record) => record.kind === 'chunk')).toBe(true);
    });

    it('[P3] delivers a hole for what was away for longer than the ring', async () => {
      line = subject.feed.follow(reader, 5);
      append(5);
      await upToDate();
      if (subject.interrupt === undefined) return;
      await subject.interrupt(() => append(1_000));
      await upToDate();
      const holes = reader.records.filter((record) => record.kind === 'hole');
      expect(holes).toHaveLength(1);
      expect(holes[0]).toMatchObject({ seq: 105, endSeq: 505 });
    });

    it('tells as removed what vanished during an interruption', async () => {
      subject.space(sampleSpace('matinee'), 9);
      line = subject.feed.follow(reader, 5);
      await vi.waitFor(() => expect(reader.spaces.size).toBe(2));
      if (subject.interrupt === undefined) return;
      await subject.interrupt(() => subject.removed('matinee'));
      await vi.waitFor(() => expect([...reader.spaces.keys()]).toEqual(['evening']));
    });

    it('[P3] begins anew with a space that was made anew during an interruption', async () => {
      line = subject.feed.follow(reader, 5);
      append(5);
      await upToDate();
      if (subject.interrupt === undefined) return;
      await subject.interrupt(() => {
        subject.removed('evening');
        subject.space(sampleSpace('evening'), 60_000);
      });
      await vi.waitFor(() => expect(reader.spaces.get('evening')?.anchorMs).toBe(60_000));
      seq = 0;
      append(3);
      await upToDate();
      expect(reader.records.map((record) => record.seq)).toEqual([0, 1, 2]);
    });
  });
}
