/**
 * Who may not come on a stage any more, though they hold a valid pass: removed by a moderator, or their
 * invitation withdrawn. Kept at least as long as a pass counts, whatever becomes of the process that says so.
 */
export interface Removals {
  /** Durable when resolved; repeating it changes nothing. @throws ParterreError `disk_full` */
  add(spaceId: string, personId: string): Promise<void>;
  has(spaceId: string, personId: string): Promise<boolean>;
}
