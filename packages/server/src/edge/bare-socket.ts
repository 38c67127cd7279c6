/**
 * A TCP connection as a listener needs it, without `net.Socket`: a descriptor. One packet in, the same
 * bytes as everybody's out, until either side closes. Whatever else a connection turns out to be `become`s
 * a `net.Socket`.
 *
 * Bounded: what the kernel does not take at once waits by reference to the shared bytes and is counted in
 * `writableLength`; the cohort does not write to one that has too much waiting.
 */
import { Socket } from 'node:net';
import type { Listener, Sink } from './cohort.ts';
import type { Descriptors, Gathered } from './descriptors.ts';
import { BROKEN, type Pollable, READABLE, WRITABLE } from './poller.ts';

const SENDING_SIDE = 1;
/** After an answer. */
const NOTHING = 0;
const KEEP = 1;
const CLOSE = 2;

/** What happens to a connection; one object for all of a port's. */
export interface BareOwner {
  /** The first `length` bytes, valid until this returns; they must be answered, or the connection `become`. */
  first(socket: BareSocket, packet: Buffer, length: number): void;
  /** Our side has said its last. */
  ended(socket: BareSocket): void;
  closed(socket: BareSocket): void;
}

/** One connection. */
export class BareSocket implements Sink, Pollable, Gathered {
  readonly descriptors: Descriptors;
  readonly #owner: BareOwner;
  readonly fd: number;
  /** Written, and not yet taken by the kernel. */
  writableLength = 0;
  destroyed = false;
  /** Our side has said its last. */
  writableEnded = false;
  /** Whose it is, once it is being sent the programme. */
  listener: Listener | null = null;
  /** Its first packet has come. */
  heard = false;
  /** It is given up if it stays silent until then, monotonic ms. */
  silentUntilMs = Number.POSITIVE_INFINITY;
  /** It was kept after an answer, at least once. */
  kept = false;
  #waiting: Uint8Array[] | null = null;
  /** Will be written to before this turn of the event loop ends. */
  #gathered = false;
  /** What is to be done when that has been written. */
  #after = NOTHING;

  /** @param fd of a connection that does not block and is in the poller's set; owned from here on */
  constructor(descriptors: Descriptors, fd: number, owner: BareOwner) {
    this.descriptors = descriptors;
    this.fd = fd;
    this.#owner = owner;
    descriptors.poller.adopt(fd, this);
  }

  /** It has been answered and asks for nothing: silence is its right. */
  get resting(): boolean {
    return this.kept && !this.heard && !this.writableEnded;
  }

  /** Goes by what has come, and by what will. @param length of the packet; 0 is its end, −1 nothing yet */
  begin(packet: Buffer, length: number): void {
    if (length > 0 && this.heard) this.listener?.heard(length);
    else if (length > 0) {
      this.heard = true;
      this.#owner.first(this, packet, length);
    } else if (length === 0) {
      // Closing its sending side is how a player says goodbye.
      this.destroy();
    }
  }

  ready(events: number, slot: number): void {
    const { poller } = this.descriptors;
    if ((events & WRITABLE) !== 0) this.#writeOn();
    if ((events & (READABLE | BROKEN)) !== 0 && !this.destroyed)
      this.begin(poller.packetOf(slot), poller.heard(slot, this.fd));
    if ((events & BROKEN) !== 0 && !this.destroyed) this.destroy();
  }

  /** `bytes` are not copied and must not change. @returns whether nothing waits */
  write(bytes: Uint8Array): boolean {
    this.#settle();
    if (this.destroyed || this.writableEnded) return false;
    if (this.#waiting !== null) {
      this.#waiting.push(bytes);
      this.writableLength += bytes.length;
      return false;
    }
    const taken = this.descriptors.write(this.fd, bytes);
    if (taken === bytes.length) return true;
    this.owe(bytes, taken);
    return false;
  }

  /** As `write`, but before this turn of the event loop ends, together with all others who are answered. */
  open(bytes: Uint8Array): void {
    this.#settle();
    if (this.destroyed || this.writableEnded) return;
    if (this.#waiting === null && this.descriptors.gather(this, bytes)) this.#gathered = true;
    else this.write(bytes);
  }

  owe(bytes: Uint8Array, taken: number): void {
    // No room; or the peer is gone, which is then said as soon as one asks to write.
    this.#waiting = [bytes.subarray(taken)];
    this.writableLength = bytes.length - taken;
    this.descriptors.poller.change(this.fd, READABLE | WRITABLE);
  }

  #writeOn(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    let written = 0;
    for (const bytes of waiting) {
      const taken = this.descriptors.write(this.fd, bytes);
      this.writableLength -= taken;
      if (taken < bytes.length) {
        waiting.splice(0, written);
        waiting[0] = bytes.subarray(taken);
        return;
      }
      written++;
    }
    this.#waiting = null;
    this.descriptors.poller.change(this.fd, READABLE);
    if (this.writableEnded) this.#shutDown();
  }

  #settle(): void {
    if (this.#gathered) this.descriptors.writeGathered();
  }

  written(): void {
    this.#gathered = false;
    const after = this.#after;
    this.#after = NOTHING;
    if (after === NOTHING) return;
    if (this.#waiting !== null) {
      this.heard = true;
      this.end();
    } else if (after === CLOSE) this.destroy();
  }

  /** Says the last, and waits for the other side to close; idempotent. */
  end(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.write(bytes);
    this.#settle();
    if (this.destroyed || this.writableEnded) return;
    this.writableEnded = true;
    if (this.#waiting === null) this.#shutDown();
    if (!this.destroyed) this.#owner.ended(this);
  }

  #shutDown(): void {
    if (this.descriptors.kernel.shutdown(this.fd, SENDING_SIDE) < 0) this.destroy();
  }

  /**
   * Answers a question that was read to its last byte, so that closing at once loses nothing.
   * @param keeps its next packet is a first one again, if it reads what it was told
   */
  answer(bytes: Uint8Array, keeps: boolean): void {
    this.#after = keeps ? KEEP : CLOSE;
    if (keeps) this.kept = true;
    this.heard = !keeps;
    this.open(bytes);
    if (!this.#gathered) this.written();
  }

  /** Says one thing and closes; what has come was read, so that what is said is not lost to a reset. */
  refuse(bytes: Uint8Array): void {
    this.write(bytes);
    this.destroy();
  }

  destroy(): void {
    this.#settle();
    if (this.destroyed) return;
    this.#letGo();
    this.descriptors.poller.remove(this.fd, true);
    this.descriptors.kernel.close(this.fd);
    this.listener?.gone();
    this.#owner.closed(this);
  }

  #letGo(): void {
    this.destroyed = true;
    this.#waiting = null;
    this.writableLength = 0;
  }

  /** Hands the connection over to a `net.Socket`, paused, and is destroyed itself; the owner is not told. */
  become(): Socket {
    this.#settle();
    this.#letGo();
    this.descriptors.poller.remove(this.fd, false);
    const options: object = { fd: this.fd, allowHalfOpen: true, pauseOnCreate: true };
    return new Socket(options);
  }
}
