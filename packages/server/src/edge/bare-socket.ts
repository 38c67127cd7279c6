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
import type { Descriptors } from './descriptors.ts';
import { BROKEN, type Pollable, READABLE, WRITABLE } from './poller.ts';

const SENDING_SIDE = 1;

/** What happens to a connection; one object for all of a port's. */
export interface BareOwner {
  /** The first packet, valid until this returns; it must be answered, or the connection `become`. */
  first(socket: BareSocket, bytes: Buffer): void;
  /** Our side has said its last. */
  ended(socket: BareSocket): void;
  closed(socket: BareSocket): void;
}

/** One connection. */
export class BareSocket implements Sink, Pollable {
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
  /** It is given up if it stays silent. */
  awaited = false;
  /** It was kept after an answer, at least once. */
  kept = false;
  #waiting: Uint8Array[] | null = null;
  /** Will be written to before this turn of the event loop ends. */
  #gathered = false;

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

  /** Goes by what has come already, and by what will. @param packet null: nothing yet; empty: its end */
  begin(packet: Buffer | null): void {
    if (packet === null) return;
    if (packet.length === 0) this.destroy();
    else this.#first(packet);
  }

  ready(events: number): void {
    if ((events & WRITABLE) !== 0) this.#writeOn();
    if ((events & (READABLE | BROKEN)) !== 0 && !this.destroyed) this.#read();
    if ((events & BROKEN) !== 0 && !this.destroyed) this.destroy();
  }

  #read(): void {
    const count = this.descriptors.read(this.fd);
    if (count > 0 && this.heard) this.listener?.heard(count);
    else if (count > 0) this.#first(this.descriptors.packet.subarray(0, count));
    else if (count === 0) {
      // Closing its sending side is how a player says goodbye.
      this.destroy();
    }
  }

  #first(packet: Buffer): void {
    this.heard = true;
    this.#owner.first(this, packet);
  }

  /** `bytes` are not copied and must not change. @returns whether nothing waits */
  write(bytes: Uint8Array): boolean {
    if (this.destroyed || this.writableEnded) return false;
    this.#settle();
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

  /** As `write`, but before this turn of the event loop ends, together with others who are to have the same. */
  open(bytes: Uint8Array): void {
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
    this.#gathered = false;
  }

  /** Says the last, and waits for the other side to close; idempotent. */
  end(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.write(bytes);
    if (this.destroyed || this.writableEnded) return;
    this.#settle();
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
    if (!this.write(bytes)) this.end();
    else if (!keeps) this.destroy();
    else {
      this.heard = false;
      this.kept = true;
    }
  }

  /** Says one thing and closes; what has come was read, so that what is said is not lost to a reset. */
  refuse(bytes: Uint8Array): void {
    this.write(bytes);
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.#letGo();
    this.descriptors.poller.remove(this.fd, true);
    this.descriptors.kernel.close(this.fd);
    this.listener?.gone();
    this.#owner.closed(this);
  }

  #letGo(): void {
    this.#settle();
    this.destroyed = true;
    this.#waiting = null;
    this.writableLength = 0;
  }

  /** Hands the connection over to a `net.Socket`, paused, and is destroyed itself; the owner is not told. */
  become(): Socket {
    this.#letGo();
    this.descriptors.poller.remove(this.fd, false);
    const options: object = { fd: this.fd, allowHalfOpen: true, pauseOnCreate: true };
    return new Socket(options);
  }
}
