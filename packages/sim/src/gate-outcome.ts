/** What is told of a simulated gate in the end, and what may be broken in it on purpose. */
export interface GateOutcome {
  readonly trace: readonly string[];
  readonly capacity: number;
  readonly listenersMax: number;
  readonly admitted: number;
  readonly byTicket: number;
  readonly returned: number;
  /** Came in on a seat kept for their group. */
  readonly seated: number;
  readonly crashes: number;
  /** Connections that were ended because their listener had come back: here, and by word of another edge. */
  readonly superseded: number;
  readonly supersededBeside: number;
  /** Who came before doors and was promised a part in the lottery. */
  readonly entrants: number;
}

export interface GateSabotage {
  /** A coordinator that comes back forgets that there were others before it. */
  readonly forgets?: boolean;
  /** An edge closes the lottery for itself, and not where the first edge has. */
  readonly deaf?: boolean;
}

/** What is counted on the way. */
export function newCounts() {
  return {
    listenersMax: 0,
    admitted: 0,
    byTicket: 0,
    returned: 0,
    seated: 0,
    crashes: 0,
    superseded: 0,
    supersededBeside: 0,
  };
}
