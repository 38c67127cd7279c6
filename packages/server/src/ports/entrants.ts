/**
 * Who entered a space's lottery, in the order in which they did: records of 32 bytes that all edges append to
 * and read. The order of records is one for everybody, so that a record which says "closed" parts those before
 * it from those after it, whichever edge wrote them.
 */
export const ENTRANT_BYTES = 32;
/** Under `{data}/spaces/{id}/`. The first record is the salt, the others are whatever was appended. */
export const ENTRANTS_FILE = 'entrants';

/** What came out, once it is known. */
export interface Draw {
  readonly closesAtMs: number;
  readonly entrants: number;
  /** Hexadecimal. */
  readonly root: string;
}

/** A space that does not exist, or was removed, has no records. */
export interface Entrants {
  /** Makes `salt` the first record unless there is one. @returns false where there is no such space */
  begin(spaceId: string, salt: Uint8Array): Promise<boolean>;
  /**
   * Appends whole records, one after the other. Resolved, they survive the end of any process; with `durable`,
   * that of the machine.
   * @returns false where nothing was begun
   * @throws ParterreError `disk_full`; some of them may then be there all the same
   */
  append(spaceId: string, records: Uint8Array, durable: boolean): Promise<boolean>;
  /** Whole records from the `from`th on, at most `max`; empty beyond the last, null where nothing was begun. */
  read(spaceId: string, from: number, max: number): Promise<Uint8Array | null>;
  /** Keeps what came out; it never changes. */
  keepDraw(spaceId: string, draw: Draw): Promise<void>;
  keptDraw(spaceId: string): Promise<Draw | null>;
}
