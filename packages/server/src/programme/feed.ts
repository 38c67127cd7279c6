/**
 * The feed in the programme's process: every known space, and per rendition a ring of the last two
 * minutes of records. Invariant: a reader gets each ring as one unbroken line from where it stopped; what
 * the ring no longer holds is a `hole`. A reader that throws is not caught: readers are adapters.
 */
import { CHUNK_MS, type PublicSpace } from '@parterre/protocol';
import type {
  FeedPosition,
  FeedReader,
  FeedSource,
  GroupSeats,
  ProgrammeFeed,
} from '../ports/programme-feed.ts';
import { endSeqOf, holeBefore, type ProgrammeRecord, recordFrom } from '../ports/programme-log.ts';

/** Two minutes of records. */
export const RING_RECORDS = 120_000 / CHUNK_MS;

class Ring {
  private readonly records: ProgrammeRecord[] = [];
  private oldest = 0;

  push(record: ProgrammeRecord): void {
    if (this.records.length < RING_RECORDS) this.records.push(record);
    else {
      this.records[this.oldest] = record;
      this.oldest = (this.oldest + 1) % RING_RECORDS;
    }
  }

  get length(): number {
    return this.records.length;
  }

  at(index: number): ProgrammeRecord {
    return this.records[(this.oldest + index) % this.records.length]!;
  }

  /** The first sequence after all, or null while there is none. */
  get nextSeq(): number | null {
    return this.length === 0 ? null : endSeqOf(this.at(this.length - 1));
  }
}

interface Known {
  space: PublicSpace;
  anchorMs: number | null;
  groups: readonly GroupSeats[];
  readonly rings: Map<string, Ring>;
}

export class Feed implements ProgrammeFeed, FeedSource {
  private readonly known = new Map<string, Known>();
  private readonly readers = new Set<FeedReader>();

  get readerCount(): number {
    return this.readers.size;
  }

  /** Records in all rings. */
  get ringRecords(): number {
    let count = 0;
    for (const { rings } of this.known.values())
      for (const ring of rings.values()) count += ring.length;
    return count;
  }

  /** A space that is new or has changed. */
  space(space: PublicSpace, anchorMs: number | null, groups: readonly GroupSeats[] = []): void {
    const rings = this.known.get(space.id)?.rings ?? new Map<string, Ring>();
    this.known.set(space.id, { space, anchorMs, groups, rings });
    for (const reader of this.readers) reader.space(space, anchorMs, groups);
  }

  removed(spaceId: string): void {
    if (!this.known.delete(spaceId)) return;
    for (const reader of this.readers) reader.removed(spaceId);
  }

  /** The next record of a known space. */
  append(spaceId: string, rendition: string, record: ProgrammeRecord): void {
    const rings = this.known.get(spaceId)!.rings;
    let ring = rings.get(rendition);
    if (ring === undefined) {
      ring = new Ring();
      rings.set(rendition, ring);
    }
    ring.push(record);
    for (const reader of this.readers) reader.record(spaceId, rendition, record);
  }

  /** Lets go of the records of a space that has ended; its readers have had them. */
  forgetRecords(spaceId: string): void {
    this.known.get(spaceId)?.rings.clear();
  }

  follow(reader: FeedReader, tailChunks: number): { close(): void } {
    return this.attach(reader, tailChunks, []);
  }

  attach(
    reader: FeedReader,
    tailChunks: number,
    positions: readonly FeedPosition[],
  ): { close(): void } {
    for (const { space, anchorMs, groups } of this.known.values())
      reader.space(space, anchorMs, groups);
    for (const [spaceId, { rings }] of this.known) {
      for (const [rendition, ring] of rings) {
        const position = positions.find(
          (one) => one.spaceId === spaceId && one.rendition === rendition,
        );
        const nextSeq = ring.nextSeq ?? 0;
        const fromSeq = position?.nextSeq ?? Math.max(ring.at(0).seq, nextSeq - tailChunks);
        deliver(ring, fromSeq, (record) => reader.record(spaceId, rendition, record));
      }
    }
    this.readers.add(reader);
    return { close: () => this.readers.delete(reader) };
  }
}

function deliver(ring: Ring, fromSeq: number, to: (record: ProgrammeRecord) => void): void {
  const first = ring.at(0);
  if (first.seq > fromSeq) to(holeBefore(first, fromSeq));
  for (let index = 0; index < ring.length; index++) {
    const record = ring.at(index);
    if (endSeqOf(record) > fromSeq) to(recordFrom(record, fromSeq));
  }
}
