/**
 * Who listens, by what each player calls itself: so that one who comes back takes the place of their old
 * connection, which may not know for minutes that it is dead, and nobody is counted twice. A player numbers
 * its connections; a later one supersedes, so that words which cross on the way do no harm. Nothing is kept
 * of one who gives no name, and of the others, until their connection ends, a number that the name makes.
 */
import type { SessionName } from '../gate/index.ts';

/** A name's length: hard to guess, since whoever knows it can end that connection. */
const NAME_MIN = 16;
const NAME_MAX = 43;
const DIGITS_MAX = 9;
/** Told to the other edges with one report; what is beyond ends by itself. */
const RESUMED_MAX = 20_000;

/**
 * Reads `{name}.{number}`: 16 to 43 of A–Z, a–z, 0–9, - and _, a point and up to nine digits. Allocates the
 * result alone: everybody who joins gives one.
 * @returns null where that does not stand there
 */
export function sessionAt(bytes: Uint8Array, from: number, end: number): SessionName | null {
  // Two multiplicative hashes side by side, mixed as MurmurHash3 finishes: 53 bits, so that two players who
  // are called alike are not to be expected, and who would call themselves like another cannot know how.
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  let at = from;
  for (; at < end && bytes[at] !== POINT; at++) {
    const byte = bytes[at]!;
    if (IN_NAME[byte] === 0) return null;
    high = Math.imul(high ^ byte, 0x9e3779b1);
    low = Math.imul(low ^ byte, 0x5f356495);
  }
  const length = at - from;
  const digits = end - at - 1;
  if (length < NAME_MIN || length > NAME_MAX || digits < 1 || digits > DIGITS_MAX) return null;
  let connection = 0;
  for (at++; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return null;
    connection = connection * 10 + digit;
  }
  const mixed = mix(high, low);
  return { player: (mixed & 0x1fffff) * 2 ** 32 + (mix(low, mixed) >>> 0), connection };
}

const POINT = 46;
const ZERO = 48;
const IN_NAME = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z0-9_-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

function mix(one: number, other: number): number {
  return Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(other ^ (other >>> 13), 0xc2b2ae35);
}

/** A listener, as far as it is known here. */
interface Named {
  session: Session | null;
  drop(reason: 'superseded'): void;
}

/** One connection of a player that gave its name. */
export class Session {
  readonly #among: Map<number, Session>;
  readonly #player: number;
  readonly connection: number;
  readonly listener: Named;

  constructor(among: Map<number, Session>, { player, connection }: SessionName, listener: Named) {
    this.#among = among;
    this.#player = player;
    this.connection = connection;
    this.listener = listener;
    among.set(player, this);
  }

  end(): void {
    if (this.#among.get(this.#player) === this) this.#among.delete(this.#player);
  }
}

export class Sessions {
  readonly #sessions = new Map<number, Session>();
  #resumed: SessionName[] = [];

  get size(): number {
    return this.#sessions.size;
  }

  /** Ends the connection that is older than this one of the same player, if there is one here. */
  supersede({ player, connection }: SessionName): void {
    const session = this.#sessions.get(player);
    if (session !== undefined && session.connection < connection)
      session.listener.drop('superseded');
  }

  /** From here on the listener is this connection of its player. */
  begin(name: SessionName, listener: Named): void {
    const before = this.#sessions.get(name.player);
    if (before !== undefined && before.connection > name.connection) return;
    if (before === undefined && name.connection > 0 && this.#resumed.length < RESUMED_MAX)
      this.#resumed.push(name);
    before?.listener.drop('superseded');
    listener.session = new Session(this.#sessions, name, listener);
  }

  /** Those who came back since this was last asked, and whose old connection was not here. */
  takeResumed(): readonly SessionName[] {
    const resumed = this.#resumed;
    if (resumed.length > 0) this.#resumed = [];
    return resumed;
  }
}
