/**
 * Which of many descriptors have something to say, and what: one epoll set in Node's event loop, asked at
 * once after a silence and then every few milliseconds, for all that has come meanwhile. Where the kernel's
 * loops can be had, a turn's packets are read in the one call that asks.
 */
import type { Kernel, Watch } from '../ports/kernel.ts';

export const READABLE = 0x1;
export const WRITABLE = 0x4;
/** EPOLLERR or EPOLLHUP; reported whether asked for or not. */
export const BROKEN = 0x18;

const EPOLL_CLOEXEC = 0x80000;
const ADD = 1;
const REMOVE = 2;
const CHANGE = 3;
/** More wait for the next turn, so that what else the process has to do is not held up. */
export const EVENTS_A_TURN_MAX = 256;
/** Read at once of a connection; more comes with the next turn, or is left for whom it becomes. */
export const PACKET_BYTES_MAX = 4_096;
/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
const FD_AT = EVENT_WORDS - 2;
const WORD_BYTES = 4;

export interface Pollable {
  /**
   * @param events what holds of READABLE, WRITABLE, BROKEN
   * @param slot of this turn, for `Poller.heard` and `packetOf`
   */
  ready(events: number, slot: number): void;
}

export class Poller {
  readonly #kernel: Kernel;
  /** The set's own descriptor. */
  readonly epoll: number;
  readonly #watch: Watch;
  readonly #events = new Int32Array(EVENT_WORDS * EVENTS_A_TURN_MAX);
  readonly #eventsAt: bigint;
  readonly #event = Buffer.alloc(EVENT_WORDS * WORD_BYTES);
  readonly #eventAt: bigint;
  readonly #packets = packetsOf(EVENTS_A_TURN_MAX);
  readonly #packetsAt: bigint;
  /** What was read of each, by slot. */
  readonly #lengths = new Int32Array(EVENTS_A_TURN_MAX);
  readonly #lengthsAt: bigint;
  /** By descriptor. */
  readonly #pollables: (Pollable | undefined)[] = [];
  /** By slot: whose event it is. */
  readonly #told: (Pollable | undefined)[] = [];
  readonly #turned: () => void;
  #size = 0;
  /** Somebody is being told. */
  turning = false;

  /**
   * @param turned when all have been told whom a turn has something for
   * @throws when the kernel has no descriptor, or Node's loop takes none
   */
  constructor(kernel: Kernel, turned: () => void) {
    this.#kernel = kernel;
    this.#turned = turned;
    this.epoll = kernel.epoll_create1(EPOLL_CLOEXEC);
    if (this.epoll < 0) throw new Error('No descriptor for an epoll set.');
    this.#eventsAt = kernel.addressOf(this.#events);
    this.#eventAt = kernel.addressOf(this.#event);
    this.#packetsAt = kernel.addressOf(this.#packets[0]!);
    this.#lengthsAt = kernel.addressOf(this.#lengths);
    this.#watch = kernel.watch(this.epoll, () => this.#turn());
    this.#watch.hold(false);
  }

  /** @returns false when the kernel refuses; nothing is kept then */
  add(fd: number, pollable: Pollable, events: number): boolean {
    if (!this.watch(fd, events)) return false;
    this.adopt(fd, pollable);
    return true;
  }

  /** Puts a descriptor into the set, to be adopted in the same turn. @returns false when the kernel refuses */
  watch(fd: number, events: number): boolean {
    return this.#control(ADD, fd, events);
  }

  /** `pollable` is told of a descriptor that is in the set. */
  adopt(fd: number, pollable: Pollable): void {
    this.#pollables[fd] = pollable;
    this.#size++;
    if (this.#size === 1) this.#watch.hold(true);
  }

  change(fd: number, events: number): void {
    this.#control(CHANGE, fd, events);
  }

  /** Idempotent. Before the descriptor is closed, or given to somebody else. */
  remove(fd: number, closes: boolean): void {
    if (this.#pollables[fd] === undefined) return;
    // Closing the last descriptor of a connection takes it out of the set.
    if (!closes) this.#control(REMOVE, fd, 0);
    this.#pollables[fd] = undefined;
    this.#size--;
    if (this.#size === 0) this.#watch.hold(false);
  }

  /** Whoever is told of something. */
  *pollables(): Iterable<Pollable> {
    for (const pollable of this.#pollables) if (pollable !== undefined) yield pollable;
  }

  /** For good; the descriptors that are left are their owners' to close. */
  close(): void {
    this.#watch.stop();
    this.#kernel.close(this.epoll);
  }

  /** How many bytes one who is told has sent into `packetOf(slot)`; 0 is the end, −1 nothing or an error. */
  heard(slot: number, fd: number): number {
    if (this.#kernel.loops !== null) return this.#lengths[slot]!;
    const into = this.#packetsAt + BigInt(slot * PACKET_BYTES_MAX);
    return this.#kernel.read(fd, into, PACKET_BYTES_MAX);
  }

  /** Valid until the next turn. */
  packetOf(slot: number): Buffer {
    return this.#packets[slot]!;
  }

  #control(what: number, fd: number, events: number): boolean {
    this.#event.writeUInt32LE(events, 0);
    this.#event.writeInt32LE(fd, FD_AT * WORD_BYTES);
    return this.#kernel.epoll_ctl(this.epoll, what, fd, this.#eventAt) === 0;
  }

  #ask(): number {
    const { loops } = this.#kernel;
    if (loops === null)
      return this.#kernel.epoll_wait(this.epoll, this.#eventsAt, EVENTS_A_TURN_MAX, 0);
    return loops.hearEach(
      this.epoll,
      EVENTS_A_TURN_MAX,
      this.#eventsAt,
      this.#lengthsAt,
      this.#packetsAt,
      PACKET_BYTES_MAX,
    );
  }

  /** @returns whether there was anything */
  #turn(): boolean {
    const count = this.#ask();
    const events = this.#events;
    // One that is removed meanwhile is told of nothing, and nobody of what was read from another of its number.
    for (let slot = 0; slot < count; slot++)
      this.#told[slot] = this.#pollables[events[slot * EVENT_WORDS + FD_AT]!];
    this.turning = true;
    try {
      for (let slot = 0; slot < count; slot++) {
        const pollable = this.#told[slot];
        this.#told[slot] = undefined;
        if (pollable === this.#pollables[events[slot * EVENT_WORDS + FD_AT]!])
          pollable?.ready(events[slot * EVENT_WORDS]!, slot);
      }
    } finally {
      this.turning = false;
      this.#turned();
    }
    return count > 0;
  }
}

/** One after the other in memory. */
export function packetsOf(count: number): readonly Buffer[] {
  const all = Buffer.alloc(count * PACKET_BYTES_MAX);
  return Array.from({ length: count }, (_, index) =>
    all.subarray(index * PACKET_BYTES_MAX, (index + 1) * PACKET_BYTES_MAX),
  );
}
