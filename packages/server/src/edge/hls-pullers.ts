/**
 * Those who pull without a cache in front are listeners like others: they come in by the gate and count among
 * the places, without anything being kept of any one of them. Who asks for the list of renditions and is let
 * in is given its addresses with the return token in them; from then on their requests are their presence.
 * How many they are is how many segments are asked for in the time that one lasts. Those of the last seconds'
 * newcomers are not counted beside them, since these were.
 *
 * Invariant: nobody is answered by whom the space would come above the edge's places. So whoever copies an
 * address takes places from those who pull, and none from those on the live lane [P1].
 */
import { SEGMENT_CHUNKS } from '@parterre/media';
import { CHUNK_MS } from '@parterre/protocol';
import type { GateKeeper } from '../gate/index.ts';

/** One who listens asks for one segment in it, ms. */
const WINDOW_MS = SEGMENT_CHUNKS * CHUNK_MS;
/** A newcomer asks for several segments at once, and settles within this, ms. */
const SETTLE_MS = 2 * WINDOW_MS;
/** A player may ask twice for a list that has not changed yet. */
const LISTS_EACH = 2;

interface Window {
  newcomers: number;
  lists: number;
  segments: number;
}

interface Presence {
  startMs: number;
  now: Window;
  before: Window;
  /** Newcomers of the window before those. */
  settling: number;
}

export type Pull = 'variants' | 'playlist' | 'segment';

export class Pullers {
  readonly #gate: GateKeeper;
  /** Listeners of a space now, those who pull included. */
  readonly #usedIn: (spaceId: string) => number;
  readonly #presences = new Map<string, Presence>();

  constructor(gate: GateKeeper, usedIn: (spaceId: string) => number) {
    this.#gate = gate;
    this.#usedIn = usedIn;
  }

  /** Listeners of a space who pull. */
  count(spaceId: string, nowMs: number): number {
    const presence = this.#presences.get(spaceId);
    if (presence === undefined) return 0;
    turn(presence, nowMs);
    const { now, before, settling } = presence;
    // Those who came two windows ago are among those who settle in this one.
    const settled = Math.max(settledIn(now), settledIn(before) + settling);
    const count = settled + now.newcomers + before.newcomers;
    if (count === 0) this.#presences.delete(spaceId);
    return count;
  }

  /**
   * Whether this request is answered. Without a token that holds it is a newcomer's.
   * @returns the token to go on with; null when there is no place
   */
  admit(
    spaceId: string,
    pull: Pull,
    token: string | null,
    nowMs: number,
    wallMs: number,
  ): string | null {
    const gate = this.#gate;
    const sinceMs = token === null ? null : gate.letInMs(spaceId, token, wallMs);
    if (token === null || sinceMs === null) {
      const used = this.#usedIn(spaceId);
      if (!gate.admits(spaceId, used, null, wallMs)) return null;
      gate.joined(spaceId, used);
      const { now } = this.#presence(spaceId, nowMs);
      if (pull === 'variants') now.newcomers++;
      else now.segments++;
      return gate.returnToken(spaceId, wallMs);
    }
    const { now } = this.#presence(spaceId, nowMs);
    if (pull === 'variants' || wallMs - sinceMs < SETTLE_MS) return token;
    const name = pull === 'playlist' ? 'lists' : 'segments';
    now[name]++;
    if (gate.carries(spaceId, this.#usedIn(spaceId))) return token;
    now[name]--;
    return null;
  }

  #presence(spaceId: string, nowMs: number): Presence {
    let presence = this.#presences.get(spaceId);
    if (presence === undefined) {
      presence = { startMs: nowMs, now: nobody(), before: nobody(), settling: 0 };
      this.#presences.set(spaceId, presence);
    }
    turn(presence, nowMs);
    return presence;
  }
}

function nobody(): Window {
  return { newcomers: 0, lists: 0, segments: 0 };
}

function settledIn({ lists, segments }: Window): number {
  return Math.max(segments, Math.ceil(lists / LISTS_EACH));
}

function turn(presence: Presence, nowMs: number): void {
  for (let windows = 0; nowMs - presence.startMs >= WINDOW_MS; windows++) {
    // After so many nothing is left of anybody.
    if (windows > 3) presence.startMs = nowMs;
    else presence.startMs += WINDOW_MS;
    presence.settling = presence.before.newcomers;
    presence.before = presence.now;
    presence.now = nobody();
  }
}
