/**
 * This side's candidates of one connection, as the library finds them. A listener set in the library is
 * never replaced: one of its threads may be calling the former one, which it frees at once (a crash).
 */
import type { PeerConnection } from 'node-datachannel';
import { atPort } from './candidate.ts';

export class LocalCandidates {
  readonly #found = new Set<string>();
  #listener: (candidate: string) => void = () => {};

  /**
   * @param port the one that the other side may use
   * @param further those the library does not know of
   */
  constructor(connection: PeerConnection, port: number, further: readonly string[]) {
    for (const line of further) this.#add(line);
    connection.onLocalCandidate((line) => this.#add(atPort(line, port)));
  }

  #add(line: string): void {
    const candidate = line.replace(/^a=/, '');
    if (this.#found.has(candidate)) return;
    this.#found.add(candidate);
    this.#listener(candidate);
  }

  /** Hears of those found so far and of each further one, in the place of who heard before. */
  hear(listener: (candidate: string) => void): void {
    this.#listener = listener;
    for (const candidate of this.#found) listener(candidate);
  }
}
