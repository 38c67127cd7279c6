/**
 * The connections of a port by number: taken, read, written to and polled without an object for each. Where
 * the kernel's loops can be had, a turn's worth of them is one call.
 */
import type { Kernel } from '../ports/kernel.ts';
import { EVENTS_A_TURN_MAX, Poller, READABLE } from './poller.ts';

/** In the place of a descriptor: passed over. */
export const NOBODY = -1;
/** Connections taken in one turn of the event loop: some milliseconds. */
export const ACCEPTS_A_TURN_MAX = 64;
/** More of a packet is left for whom the connection becomes: it is no listener's. */
const PACKET_BYTES_MAX = 16_384;
const FIRST_PACKET_BYTES_MAX = 4_096;
const SOCK_NONBLOCK_CLOEXEC = 0x80800;
const FDS_MIN = 64;
/** Every connection that a turn is told of, and those it takes. */
const GATHERED_MAX = EVENTS_A_TURN_MAX + ACCEPTS_A_TURN_MAX;

/** A connection that may be written to by its number. */
export interface Numbered {
  readonly fd: number;
  /** Was written to, and `taken` of the bytes were taken: the rest is its own to deliver. */
  owe(bytes: Uint8Array, taken: number): void;
}

/** What all bare connections of a port share. */
export class Descriptors {
  readonly kernel: Kernel;
  readonly poller: Poller;
  readonly packet = Buffer.alloc(PACKET_BYTES_MAX);
  readonly #packetAt: bigint;
  /** Of those taken last: descriptor and length of the first packet, in pairs; then an errno. */
  readonly #taken = new Int32Array(2 * ACCEPTS_A_TURN_MAX + 1);
  readonly #takenAt: bigint;
  readonly #packets = Buffer.alloc(ACCEPTS_A_TURN_MAX * FIRST_PACKET_BYTES_MAX);
  readonly #packetsAt: bigint;
  /** Of those sent to last, who took less: place in the list, bytes taken, in pairs. */
  cut = new Int32Array(2 * FDS_MIN);
  #cutAt: bigint;
  #bytes: Uint8Array | null = null;
  #bytesAt = 0n;
  /** Who is to be written `#gatheredBytes` before this turn ends. */
  readonly #gathered: Numbered[] = [];
  readonly #gatheredFds = fdsOfRoom(GATHERED_MAX);
  #gatheredBytes: Uint8Array | null = null;

  /** @throws when the kernel has no descriptor, or Node's loop takes none */
  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.poller = new Poller(kernel, () => this.writeGathered());
    this.#packetAt = kernel.addressOf(this.packet);
    this.#takenAt = kernel.addressOf(this.#taken);
    this.#packetsAt = kernel.addressOf(this.#packets);
    this.#cutAt = kernel.addressOf(this.cut);
  }

  /** @returns how many of `bytes` were read into `packet`; 0 is the end, −1 nothing yet or an error */
  read(fd: number): number {
    return this.kernel.read(fd, this.#packetAt, PACKET_BYTES_MAX);
  }

  /** @returns how many of `bytes` the kernel took; fewer or none where it has no room, or the peer is gone */
  write(fd: number, bytes: Uint8Array): number {
    return Math.max(0, this.kernel.write(fd, this.#addressOf(bytes), bytes.length));
  }

  /** Everybody who stands at the same place is written the same object. */
  #addressOf(bytes: Uint8Array): bigint {
    if (bytes !== this.#bytes) {
      this.#bytesAt = this.kernel.addressOf(bytes);
      this.#bytes = bytes;
    }
    return this.#bytesAt;
  }

  /**
   * Writes `bytes` to the first `count` of `fds`, those that are NOBODY passed over.
   * @returns how many did not take all; which, and how much they took, stands in `cut`
   */
  writeEach(fds: Int32Array, count: number, bytes: Uint8Array): number {
    const { loops } = this.kernel;
    if (this.cut.length < 2 * count) {
      this.cut = new Int32Array(2 * fds.length);
      this.#cutAt = this.kernel.addressOf(this.cut);
    }
    if (loops !== null) {
      const fdsAt = this.kernel.addressOf(fds);
      return loops.sendEach(fdsAt, count, this.#addressOf(bytes), bytes.length, this.#cutAt);
    }
    let pairs = 0;
    for (let place = 0; place < count; place++) {
      const fd = fds[place]!;
      const taken = fd === NOBODY ? bytes.length : this.write(fd, bytes);
      if (taken === bytes.length) continue;
      this.cut[2 * pairs] = place;
      this.cut[2 * pairs + 1] = taken;
      pairs++;
    }
    return pairs;
  }

  /**
   * Has `bytes` written to a connection before the poller's turn ends, together with the others who join in
   * it: one call, and the kernel's way is walked once after the other. Whatever else is to be done with the
   * connection comes after `writeGathered`.
   * @returns false outside of a turn: nothing is done
   */
  gather(connection: Numbered, bytes: Uint8Array): boolean {
    if (!this.poller.turning) return false;
    const full = this.#gathered.length === GATHERED_MAX;
    if (full || bytes !== this.#gatheredBytes) this.writeGathered();
    this.#gatheredBytes = bytes;
    this.#gatheredFds[this.#gathered.push(connection) - 1] = connection.fd;
    return true;
  }

  writeGathered(): void {
    const bytes = this.#gatheredBytes;
    if (bytes === null) return;
    const cut = this.writeEach(this.#gatheredFds, this.#gathered.length, bytes);
    for (let pair = 0; pair < 2 * cut; pair += 2)
      this.#gathered[this.cut[pair]!]!.owe(bytes, this.cut[pair + 1]!);
    this.#gathered.length = 0;
    this.#gatheredBytes = null;
  }

  /**
   * Takes what waits at a listening socket, up to ACCEPTS_A_TURN_MAX, and has the poller watch each.
   * @returns how many; `fdOf`, `firstPacketOf` and `acceptError` tell of them until the next call
   */
  acceptEach(listener: number): number {
    const { loops } = this.kernel;
    if (loops === null) return this.#acceptOneByOne(listener);
    return loops.acceptEach(
      listener,
      this.poller.epoll,
      ACCEPTS_A_TURN_MAX,
      this.#takenAt,
      this.#packetsAt,
      FIRST_PACKET_BYTES_MAX,
    );
  }

  #acceptOneByOne(listener: number): number {
    const { kernel, poller } = this;
    this.#taken[2 * ACCEPTS_A_TURN_MAX] = 0;
    let count = 0;
    while (count < ACCEPTS_A_TURN_MAX) {
      const fd = kernel.accept4(listener, 0n, 0n, SOCK_NONBLOCK_CLOEXEC);
      if (fd < 0) {
        this.#taken[2 * ACCEPTS_A_TURN_MAX] = kernel.errno();
        return count;
      }
      if (!poller.watch(fd, READABLE)) {
        kernel.close(fd);
        continue;
      }
      const into = this.#packetsAt + BigInt(count * FIRST_PACKET_BYTES_MAX);
      this.#taken[2 * count] = fd;
      this.#taken[2 * count + 1] = kernel.read(fd, into, FIRST_PACKET_BYTES_MAX);
      count++;
    }
    return count;
  }

  fdOf(index: number): number {
    return this.#taken[2 * index]!;
  }

  /** What it had sent; null when nothing yet, empty at its end. Valid until the next `acceptEach`. */
  firstPacketOf(index: number): Buffer | null {
    const length = this.#taken[2 * index + 1]!;
    const from = index * FIRST_PACKET_BYTES_MAX;
    return length < 0 ? null : this.#packets.subarray(from, from + length);
  }

  /** What ended the last `acceptEach`, an errno; 0 when it took as many as it may. */
  get acceptError(): number {
    return this.#taken[2 * ACCEPTS_A_TURN_MAX]!;
  }
}

/** Numbers that lie outside V8's heap, which moves what is small. */
export function fdsOfRoom(room: number): Int32Array<ArrayBuffer> {
  return new Int32Array(Math.max(FDS_MIN, room));
}
