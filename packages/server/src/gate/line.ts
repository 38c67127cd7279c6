/**
 * The line of one space: how many tickets there are for each second, and how far the front has come. Pure;
 * nothing is kept for anybody who waits. Invariants: the front only moves forward; at once it calls no
 * more than there are places, less those for who was called before and is still expected.
 */
import { compareOrder, type NowServing, type Order, RANKS } from '@parterre/protocol';
import type { LineWord } from './messages.ts';

/** Seconds whose tickets are told apart; older ones are put together. */
const SECONDS_MAX = 4_096;
/** Of those, in the document. */
const DOCUMENT_SECONDS_MAX = 64;
/** A second's tickets are all counted this long after it, ms: reports are not later. */
const COUNTED_MS = 1_500;
/** Who has redeemed is soon counted among the listeners; until then their place is not given again, ms. */
const ARRIVING_MS = 1_000;
/** Who comes when called comes soon; later than this few do, ms. */
const PROMPT_MS = 7_000;
const LATE_SHARE = 0.25;
/** At least this share of those called is expected, and how fast what is seen changes what is expected. */
const EXPECTED_MIN = 0.02;
const EXPECTED_STEP = 0.9;
/** Place for so many times those who are expected soon: a crowd that is let in at doors is still a line. */
const AMPLE = 4;
/** Fewer than so many called say nothing of the others. */
const TELLING_MIN = 16;
/** Entrants whose order is not drawn so long after doors, ms, are passed over: nobody waits for a broken disk. */
const UNDRAWN_MS_MAX = 30_000;
/** The rate is of the last minute, or so. */
const RATE_MS = 60_000;

interface Call {
  readonly atMs: number;
  /** Whom the front had reached before. */
  readonly from: Order;
  /** How many were called and have neither come nor lapsed. */
  left: number;
  readonly called: number;
  /** Those who come promptly have come: what is expected of others is learnt from it. */
  prompt: boolean;
  /** The share that had come by then; null while too few were called to tell. */
  came: number | null;
}

interface Second {
  readonly second: number;
  issued: number;
  /** Not called yet; a fraction where the front stands within the second. */
  waiting: number;
}

export class Line {
  readonly #spaceId: string;
  readonly #turnMs: number;
  /** Ascending. */
  readonly #seconds: Second[] = [];
  #front: Order = { second: 0, rank: 0 };
  #lapsed: Order = { second: 0, rank: 0 };
  readonly #calls: Call[] = [];
  /** Those of them that are to tell together how many come. */
  #untold: Call[] = [];
  #arriving: { readonly atMs: number }[] = [];
  readonly #rate: { readonly atMs: number; readonly called: number }[] = [];
  #beganMs = 0;
  /** Places that newcomers may take, at the last step. */
  #free = 0;
  /** Those who came before doors, while their second is not known. */
  #entered = 0;
  /** Their second: all of them are counted. */
  #drawn: number | null = null;
  /** The share of those called who come; people leave a line without a word. */
  #expected = 1;

  constructor(spaceId: string, turnMs: number) {
    this.#spaceId = spaceId;
    this.#turnMs = turnMs;
  }

  /** So many tickets of a second have been issued, at all edges. */
  issued(second: number, count: number): void {
    let at = this.#seconds.length;
    while (at > 0 && this.#seconds[at - 1]!.second > second) at--;
    const found = this.#seconds[at - 1];
    if (found?.second === second) {
      const more = Math.max(0, count - found.issued);
      found.issued += more;
      if (compareOrder(this.#front, endOf(second)) < 0) found.waiting += more * this.#share(second);
    } else {
      this.#seconds.splice(at, 0, { second, issued: count, waiting: count * this.#share(second) });
    }
    if (this.#seconds.length > SECONDS_MAX) this.#seconds.shift();
  }

  /** So many came before doors, at all edges. @param second theirs; null before it is drawn */
  entered(count: number, second: number | null): void {
    if (second === null) {
      if (this.#drawn === null) this.#entered = Math.max(this.#entered, count);
      return;
    }
    this.#entered = 0;
    this.#drawn = second;
    if (compareOrder(this.#front, endOf(second)) < 0) this.issued(second, count);
  }

  /**
   * An edge knows the front to have come this far. When that is news, an earlier coordinator called them,
   * and who of them came is not known: their turns lapse, so that no ticket is good twice.
   */
  reached(front: Order): void {
    if (compareOrder(front, this.#front) <= 0) return;
    for (const one of this.#seconds)
      if (one.second < front.second) one.waiting = 0;
      else if (one.second === front.second) one.waiting *= 1 - (front.rank + 1) / RANKS;
    this.#front = front;
    this.#lapsed = front;
    this.#calls.length = 0;
    this.#untold = [];
  }

  /** Of a second's tickets, the share that the front has not reached. */
  #share(second: number): number {
    if (second < this.#front.second) return 0;
    return second > this.#front.second ? 1 : 1 - (this.#front.rank + 1) / RANKS;
  }

  /** A called ticket of this place was redeemed. */
  redeemed(order: Order, nowMs: number): void {
    this.#arriving.push({ atMs: nowMs });
    const own = this.#calls.findLast(({ from }) => compareOrder(order, from) > 0);
    // A second's ranks are drawn: of a part of it a few more may come than were counted, of another fewer.
    const call = own !== undefined && own.left > 0 ? own : this.#calls.find(({ left }) => left > 0);
    if (call === undefined) return;
    call.left = Math.max(0, call.left - 1);
    // So many come at least, whatever was learnt from those before them.
    if (call === own && !call.prompt && call.called >= TELLING_MIN)
      this.#expected = Math.max(this.#expected, 1 - call.left / call.called);
  }

  get waiting(): number {
    let sum = 0;
    for (const { waiting } of this.#seconds) sum += waiting;
    return sum;
  }

  /** What a ticket of this place is worth now. */
  standing(order: Order): 'called' | 'not_yet' | 'lapsed' {
    if (compareOrder(order, this.#front) > 0) return 'not_yet';
    return compareOrder(order, this.#lapsed) > 0 ? 'called' : 'lapsed';
  }

  /**
   * Calls as many as there are places for.
   * @param free places that newcomers may take
   * @param most so many at once, whatever is free
   * @returns how many
   */
  step(free: number, nowMs: number, wallMs: number, most = Number.POSITIVE_INFINITY): number {
    this.#free = free;
    this.#forget(nowMs);
    const owed = this.#owed();
    const before = this.#front;
    let called = 0;
    const countedSecond = Math.floor((wallMs - COUNTED_MS) / 1_000);
    for (const one of this.#seconds) {
      const callable = Math.floor(Math.min(free - owed, most) - called);
      const isCounted = one.second < countedSecond || one.second === this.#drawn;
      if (callable < 1 || !isCounted || this.#isUndrawn(wallMs)) break;
      if (one.waiting === 0) continue;
      called += this.#call(one, callable);
    }
    if (called === 0) return 0;
    if (this.#beganMs === 0) this.#beganMs = nowMs;
    const told = { prompt: false, came: null };
    this.#calls.push({ atMs: nowMs, from: before, left: called, called, ...told });
    this.#rate.push({ atMs: nowMs, called });
    return called;
  }

  /** Those who came first have no order yet. */
  #isUndrawn(wallMs: number): boolean {
    const first = this.#seconds[0]?.second ?? Number.POSITIVE_INFINITY;
    return this.#entered > 0 && wallMs - first * 1_000 < UNDRAWN_MS_MAX;
  }

  /** Places for those who were called and are still expected. */
  #owed(): number {
    let owed = this.#arriving.length;
    for (const call of this.#calls)
      owed += call.prompt ? this.#late(call) : call.left * this.#expected;
    return owed;
  }

  /** Of a call whose prompt ones have come, those who come late. */
  #late({ left, came }: Call): number {
    return left * (came ?? this.#expected) * LATE_SHARE;
  }

  /** Moves the front through a second, as far as there are places. @returns how many that calls */
  #call(one: Second, callable: number): number {
    if (one.waiting <= callable) {
      const called = one.waiting;
      one.waiting = 0;
      this.#front = endOf(one.second);
      return called;
    }
    const from = this.#front.second === one.second ? this.#front.rank : 0;
    const rank = Math.floor(from + (RANKS - from) * (callable / one.waiting));
    one.waiting -= callable;
    this.#front = { second: one.second, rank };
    return callable;
  }

  #forget(nowMs: number): void {
    this.#arriving = this.#arriving.filter(({ atMs }) => nowMs - atMs < ARRIVING_MS);
    for (const call of this.#calls)
      if (!call.prompt && nowMs - call.atMs > PROMPT_MS) this.#learn(call);
    while (this.#calls.length > 0 && nowMs - this.#calls[0]!.atMs >= this.#turnMs) {
      const lapsed = this.#calls.shift();
      if (this.#untold[0] === lapsed) this.#untold.shift();
      this.#lapsed = this.#calls[0]?.from ?? this.#front;
    }
    while (this.#rate.length > 0 && nowMs - this.#rate[0]!.atMs > RATE_MS) this.#rate.shift();
    while (this.#seconds.length > 1 && this.#seconds[0]!.second < this.#front.second)
      this.#seconds.shift();
    if (this.#rate.length === 0 && this.waiting === 0) this.#beganMs = 0;
  }

  /**
   * Newcomers need not wait when there is ample place beside what is kept for who waits or is on their way,
   * for those who have just come, and for those of the earlier ones who come late.
   */
  #isOpen(waiting: number): boolean {
    if (this.#entered > 0) return true;
    let soon = waiting;
    let others = this.#arriving.length;
    for (const call of this.#calls)
      if (call.prompt) others += this.#late(call);
      else soon += call.left;
    return soon + others > 0 && this.#free < soon * AMPLE + others + 1;
  }

  /**
   * A crowd that has gone without a word leaves its places in line, and newcomers must not wait behind them.
   * How many of a call come late goes by that call alone: newcomers do come, and say nothing of a crowd before.
   */
  #learn(call: Call): void {
    call.prompt = true;
    this.#untold.push(call);
    let called = 0;
    let left = 0;
    for (const one of this.#untold) {
      called += one.called;
      left += one.left;
    }
    if (called < TELLING_MIN) return;
    const came = 1 - left / called;
    for (const one of this.#untold) one.came = came;
    this.#untold = [];
    this.#expected += EXPECTED_STEP * (Math.max(EXPECTED_MIN, came) - this.#expected);
  }

  #perMinute(nowMs: number): number | null {
    const overMs = Math.min(RATE_MS, nowMs - this.#beganMs);
    if (this.#beganMs === 0 || overMs < 5_000) return null;
    let called = 0;
    for (const one of this.#rate) called += one.called;
    return (called / overMs) * 60_000;
  }

  /** What edges and waiters are told. */
  word(nowMs: number, wallMs: number): LineWord {
    const waiting = this.waiting + this.#entered;
    const open = this.#isOpen(waiting);
    const document: NowServing = {
      space: this.#spaceId,
      atMs: wallMs,
      open,
      front: this.#front,
      turnS: this.#turnMs / 1_000,
      perMinute: this.#perMinute(nowMs),
      waiting: Math.ceil(waiting),
      seconds: this.#inDocument(),
    };
    return { open, front: this.#front, lapsed: this.#lapsed, document };
  }

  #inDocument(): NowServing['seconds'] {
    const waiting = this.#seconds.filter((one) => one.waiting > 0);
    const every = Math.ceil(waiting.length / DOCUMENT_SECONDS_MAX);
    const rows: [number, number, number][] = [];
    let before = 0;
    waiting.forEach(({ second, waiting: count }, index) => {
      const last = rows.at(-1);
      if (index % every === 0 || last === undefined) rows.push([second, before, count]);
      // A row of several seconds is named for the last, so that nobody is told too little.
      else {
        last[0] = second;
        last[2] += count;
      }
      before += count;
    });
    return rows.map(([second, ahead, count]) => [second, Math.floor(ahead), Math.ceil(count)]);
  }
}

function endOf(second: number): Order {
  return { second, rank: RANKS - 1 };
}
