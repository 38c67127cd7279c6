/**
 * The ticket as a browser keeps it, with what proves a draw: so that a reload or a return keeps the place
 * and all tabs share one. A browser without storage, or that refuses it, begins anew at the next load.
 */
import type { IssuedTicket } from '@parterre/protocol';

export interface KeptTicket extends IssuedTicket {
  /** What this browser added to the draw. */
  readonly nonce: string;
}

const nameOf = (space: string): string => `parterre ticket ${space}`;

/** Null when there is none, or it has expired. */
export function keptTicket(space: string, wallMs: number): KeptTicket | null {
  try {
    const kept = JSON.parse(localStorage.getItem(nameOf(space)) ?? 'null') as KeptTicket | null;
    return kept !== null && kept.expiresAtMs > wallMs ? kept : null;
  } catch {
    return null;
  }
}

/** This browser has a place in the line of a space. */
export function hasTicket(space: string): boolean {
  return keptTicket(space, Date.now()) !== null;
}

export function keepTicket(space: string, ticket: KeptTicket | null): void {
  try {
    if (ticket === null) localStorage.removeItem(nameOf(space));
    else localStorage.setItem(nameOf(space), JSON.stringify(ticket));
  } catch {
    // Kept in memory all the same.
  }
}
