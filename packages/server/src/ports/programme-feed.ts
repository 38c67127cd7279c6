/**
 * What an edge (or any lane) reads: the running spaces and their records, as they are appended.
 * On one machine a unix socket; on many a message bus behind the same port.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { ProgrammeRecord } from './programme-log.ts';

/** A group of one space that has seats kept; not for the public. */
export interface GroupSeats {
  readonly id: string;
  readonly seats: number;
}

export interface FeedReader {
  /**
   * A space that is new or has changed. Sent for every known space at each (re)connection.
   * `anchorMs`: the wall clock of sequence 0 (doors), null before doors.
   */
  space(space: PublicSpace, anchorMs: number | null, groups: readonly GroupSeats[]): void;
  /** A space that is gone for good. */
  removed(spaceId: string): void;
  /**
   * In order, each record exactly once per reader also across reconnections; when the feed had to skip,
   * it delivers a `hole` in place of what it could not get.
   */
  record(spaceId: string, rendition: string, record: ProgrammeRecord): void;
  /** Every space known at this (re)connection has been told: another one does not exist. */
  ready?(): void;
}

export interface ProgrammeFeed {
  /** Connects, stays connected, starts each space with up to `tailChunks` past records. */
  follow(reader: FeedReader, tailChunks: number): { close(): void };
}

/** Where a reader stopped: it has everything of this rendition before `nextSeq`. */
export interface FeedPosition {
  readonly spaceId: string;
  readonly rendition: string;
  readonly nextSeq: number;
}

/** The feed in the programme's own process: what an adapter serves to readers elsewhere. */
export interface FeedSource {
  /**
   * Before it returns: every known space, then for each running one the records from its position on (a
   * `hole` for those no longer kept), or up to `tailChunks` past ones when it has no position. Then as appended.
   */
  attach(
    reader: FeedReader,
    tailChunks: number,
    positions: readonly FeedPosition[],
  ): { close(): void };
}
