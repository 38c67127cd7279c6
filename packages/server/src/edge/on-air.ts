/**
 * `GET /spaces/{space}/now.json`: who speaks, for those who wait. Made from the newest snapshot that the
 * programme sent, at most once a second for a space, and then the same bytes for everybody.
 */
import type { OnAir, Snapshot } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
import type { Room } from './room.ts';

export const ON_AIR_AGE_S = 1;

interface Made {
  readonly atMs: number;
  readonly bytes: Buffer;
}

export class OnAirWords {
  readonly #clock: Clock;
  readonly #made = new WeakMap<Room, Made>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The document's bytes; not to be changed. */
  of(room: Room): Buffer {
    const atMs = this.#clock.monotonicMs();
    const made = this.#made.get(room);
    if (made !== undefined && atMs - made.atMs < ON_AIR_AGE_S * 1_000) return made.bytes;
    const bytes = Buffer.from(JSON.stringify(onAir(room, this.#clock.wallMs())));
    this.#made.set(room, { atMs, bytes });
    return bytes;
  }
}

function onAir({ space, rings }: Room, atMs: number): OnAir {
  const open = space.state === 'doors' || space.state === 'live';
  const snapshot = open ? read(rings.live.ring.snapshot) : null;
  const seats = snapshot?.seats ?? [];
  return {
    space: space.id,
    atMs,
    state: space.state,
    holding: open && (snapshot?.holding ?? true),
    speaking: seats.filter(({ speaking }) => speaking).map(({ name }) => name),
    seats: seats.map(({ name }) => name),
  };
}

/** The programme's own words; null before the first. */
function read(bytes: Uint8Array): Snapshot | null {
  if (bytes.length === 0) return null;
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Snapshot;
  } catch {
    return null;
  }
}
