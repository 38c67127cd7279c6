/**
 * How a lane puts the programme into bytes. A format is pure: the same record gives the same bytes in
 * every edge process, so that a player may go on at another edge in mid-programme.
 */
import type { Rendition } from '@parterre/protocol';
import type { Chunk } from '../ports/programme-log.ts';

/** What a response says of its programme before the first chunk. */
export interface ProgrammeAbout {
  readonly rendition: Rendition;
  readonly title: string;
  readonly host: string;
}

export interface Format {
  readonly contentType: string;
  /** What stands before the first chunk of a response that begins at `seq`. */
  opening(about: ProgrammeAbout, seq: number): Uint8Array;
  /** One chunk, self-contained. */
  wrap(chunk: Chunk): Uint8Array;
}

/** The 10 packets of holding sound that fill a chunk the programme never produced. */
export type HoldingFrames = (rendition: Rendition, seq: number) => readonly Uint8Array[];
