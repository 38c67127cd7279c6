/**
 * Who listens, by what each player calls itself: so that one who comes back takes the place of their old
 * connection, which may not know for minutes that it is dead, and nobody is counted twice. A player numbers
 * its connections; a later one supersedes, so that words which cross on the way do no harm. Nothing is kept
 * of one who gives no name, and of the others until their connection ends.
 */

/** A name and a number; hard to guess, since whoever knows it can end that connection. */
const SESSION = /^[A-Za-z0-9_-]{16,43}\.\d{1,9}$/;
/** Told to the other edges with one report; what is beyond ends by itself. */
const RESUMED_MAX = 20_000;

export function isSession(text: string): boolean {
  return SESSION.test(text);
}

/** A listener, as far as it is known here. */
interface Named {
  session: Session | null;
  drop(reason: 'superseded'): void;
}

/** One connection of a player that gave its name. */
export class Session {
  readonly #among: Map<string, Session>;
  readonly #name: string;
  readonly number: number;
  readonly listener: Named;

  constructor(among: Map<string, Session>, name: string, number: number, listener: Named) {
    this.#among = among;
    this.#name = name;
    this.number = number;
    this.listener = listener;
    among.set(name, this);
  }

  end(): void {
    if (this.#among.get(this.#name) === this) this.#among.delete(this.#name);
  }
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();
  #resumed: string[] = [];

  get size(): number {
    return this.#sessions.size;
  }

  /** Ends the connection that is older than this one of the same player, if there is one here. */
  supersede(text: string): void {
    const session = this.#sessions.get(nameOf(text));
    if (session !== undefined && session.number < numberOf(text))
      session.listener.drop('superseded');
  }

  /** From here on the listener is this connection of its player. */
  begin(text: string, listener: Named): void {
    const [name, number] = [nameOf(text), numberOf(text)];
    const before = this.#sessions.get(name);
    if (before !== undefined && before.number > number) return;
    if (before === undefined && number > 0 && this.#resumed.length < RESUMED_MAX)
      this.#resumed.push(text);
    before?.listener.drop('superseded');
    listener.session = new Session(this.#sessions, name, number, listener);
  }

  /** Those who came back since this was last asked, and whose old connection was not here. */
  takeResumed(): readonly string[] {
    const resumed = this.#resumed;
    if (resumed.length > 0) this.#resumed = [];
    return resumed;
  }
}

function nameOf(text: string): string {
  return text.slice(0, text.indexOf('.'));
}

function numberOf(text: string): number {
  return Number(text.slice(text.indexOf('.') + 1));
}
