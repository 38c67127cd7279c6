/**
 * The token that lets this tab come back without waiting. Kept for the tab, so that a reload comes back; a
 * browser without storage, or that refuses it, begins anew.
 */
const nameOf = (space: string): string => `parterre return ${space}`;

/** Null when there is none. */
export function keptReturn(space: string): string | null {
  try {
    return sessionStorage.getItem(nameOf(space));
  } catch {
    return null;
  }
}

export function keepReturn(space: string, token: string): void {
  try {
    sessionStorage.setItem(nameOf(space), token);
  } catch {
    // Kept in memory all the same.
  }
}
