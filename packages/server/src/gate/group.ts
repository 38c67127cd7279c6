/**
 * Places kept for named groups: press, people who need captions. In the account of places a group is a row
 * of its own beside its space's, named `{space}:{group}`; no identifier of a space has a colon. Pure.
 */

/** What an edge knows of a group: its seats, and who sits on them here. */
export interface GroupPlaces {
  readonly id: string;
  /** As many as its owner gave it; 0 once the group is gone and some of its people are still here. */
  readonly seats: number;
  /** Listeners of this edge on them. */
  readonly used: number;
}

/** The name of a group's row. */
export function groupRow(spaceId: string, groupId: string): string {
  return `${spaceId}:${groupId}`;
}

/** The space that a group's row belongs to; null for the row of a space. */
export function spaceOfRow(row: string): string | null {
  const at = row.indexOf(':');
  return at === -1 ? null : row.slice(0, at);
}
