/**
 * ProgrammeFeed over `programme.sock`. Invariant: per space and rendition the reader gets an unbroken
 * line of records, each sequence once, whatever happens to the connection; what the server no longer has
 * arrives as a `hole`. A space that vanished while the connection was away is told as removed; so is one
 * whose clock began anew, before it is told as it is now.
 */
import type { FeedPosition, FeedReader, ProgrammeFeed } from '../../ports/programme-feed.ts';
import { endSeqOf, holeBefore, recordFrom } from '../../ports/programme-log.ts';
import { decodeRecord } from '../codec/index.ts';
import { Connection, type UnixClientOptions } from './connection.ts';
import { encodeJson } from './framing.ts';
import {
  FRAME,
  type Hello,
  parseJson,
  parseRecordFrame,
  type SpaceBody,
  WIRE_VERSION,
} from './wire.ts';

/** Most positions told at a reconnection; the ones last heard of. */
const POSITIONS_MAX = 1_024;

export class UnixFeed implements ProgrammeFeed {
  private readonly options: UnixClientOptions;

  constructor(options: UnixClientOptions) {
    this.options = options;
  }

  follow(reader: FeedReader, tailChunks: number): { close(): void } {
    const line = new FeedLine(reader);
    const hello = (): Hello => ({
      version: WIRE_VERSION,
      port: 'feed',
      tailChunks,
      positions: line.positions(),
    });
    return new Connection(this.options, {
      connected: () => [encodeJson(FRAME.hello, hello())],
      frame: (type, body) => line.take(type, body),
      lost: () => line.lost(),
    });
  }
}

interface Position extends FeedPosition {
  nextSeq: number;
}

/** What one reader has got so far, over all its connections. */
class FeedLine {
  private readonly reader: FeedReader;
  /** Per space, per rendition; the most recently heard of last. */
  private readonly next = new Map<string, Map<string, Position>>();
  /** Spaces told to the reader, and their anchors. */
  private readonly known = new Map<string, number | null>();
  private said = new Set<string>();

  constructor(reader: FeedReader) {
    this.reader = reader;
  }

  positions(): FeedPosition[] {
    return [...this.next.values()].flatMap((line) => [...line.values()]).slice(-POSITIONS_MAX);
  }

  lost(): void {
    this.said = new Set();
  }

  take(type: number, body: Buffer): void {
    if (type === FRAME.record) this.record(body);
    else if (type === FRAME.space) this.space(parseJson<SpaceBody>(body));
    else if (type === FRAME.removed) this.removed(parseJson<string>(body));
    else if (type === FRAME.ready) this.ready();
    else throw new RangeError(`Frame type ${type} does not belong to the feed.`);
  }

  private space({ space, anchorMs, groups = [] }: SpaceBody): void {
    const before = this.known.get(space.id) ?? null;
    if (before !== null && before !== anchorMs) this.removed(space.id);
    this.known.set(space.id, anchorMs);
    this.said.add(space.id);
    this.reader.space(space, anchorMs, groups);
  }

  private removed(spaceId: string): void {
    this.known.delete(spaceId);
    this.said.delete(spaceId);
    this.next.delete(spaceId);
    this.reader.removed(spaceId);
  }

  private ready(): void {
    for (const spaceId of this.known.keys()) if (!this.said.has(spaceId)) this.removed(spaceId);
    this.reader.ready?.();
  }

  private record(body: Buffer): void {
    const { spaceId, rendition, record: bytes } = parseRecordFrame(body);
    // The reader keeps the record; the stream's buffer is reused.
    const record = decodeRecord(Buffer.from(bytes));
    if (record === null) throw new RangeError('A record from the programme is not whole.');
    const position = this.position(spaceId, rendition, record.seq);
    const { nextSeq } = position;
    if (endSeqOf(record) <= nextSeq) return;
    position.nextSeq = endSeqOf(record);
    if (record.seq > nextSeq) {
      this.reader.record(spaceId, rendition, holeBefore(record, nextSeq));
      this.reader.record(spaceId, rendition, record);
    } else {
      this.reader.record(spaceId, rendition, recordFrom(record, nextSeq));
    }
  }

  private position(spaceId: string, rendition: string, seq: number): Position {
    let line = this.next.get(spaceId);
    if (line === undefined) {
      line = new Map();
      this.next.set(spaceId, line);
    }
    let position = line.get(rendition);
    if (position === undefined) {
      position = { spaceId, rendition, nextSeq: seq };
      line.set(rendition, position);
    }
    return position;
  }
}
