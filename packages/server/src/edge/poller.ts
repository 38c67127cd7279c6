/**
 * Which of many descriptors have something to say: one epoll set in Node's event loop, asked at
 * once after a silence and then every few milliseconds, for all that has come meanwhile.
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
/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const FD_AT = EVENT_BYTES - 8;

export interface Pollable {
  /** @param events what holds of READABLE, WRITABLE, BROKEN */
  ready(events: number): void;
}

export class Poller {
  readonly #kernel: Kernel;
  /** The set's own descriptor. */
  readonly epoll: number;
  readonly #watch: Watch;
  readonly #events = Buffer.alloc(EVENT_BYTES * EVENTS_A_TURN_MAX);
  readonly #eventsAt: bigint;
  readonly #event = Buffer.alloc(EVENT_BYTES);
  readonly #eventAt: bigint;
  /** By descriptor. */
  readonly #pollables: (Pollable | undefined)[] = [];
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

  #control(what: number, fd: number, events: number): boolean {
    this.#event.writeUInt32LE(events, 0);
    this.#event.writeInt32LE(fd, FD_AT);
    return this.#kernel.epoll_ctl(this.epoll, what, fd, this.#eventAt) === 0;
  }

  /** @returns whether there was anything */
  #turn(): boolean {
    const count = this.#kernel.epoll_wait(this.epoll, this.#eventsAt, EVENTS_A_TURN_MAX, 0);
    this.turning = true;
    try {
      for (let at = 0; at < count * EVENT_BYTES; at += EVENT_BYTES) {
        // One that was removed meanwhile is not found; its number may be another's from the next turn on.
        const fd = this.#events.readInt32LE(at + FD_AT);
        this.#pollables[fd]?.ready(this.#events.readUInt32LE(at));
      }
    } finally {
      this.turning = false;
      this.#turned();
    }
    return count > 0;
  }
}
