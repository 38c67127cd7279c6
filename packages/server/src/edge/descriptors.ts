/**
 * The connections of a port by number: taken, read, written to and polled without an object for each. Where
 * the kernel's loops can be had, a turn's worth of them is one call.
 */
import type { Kernel } from '../ports/kernel.ts';
import { EVENTS_A_TURN_MAX, PACKET_BYTES_MAX, Poller, packetsOf, READABLE } from './poller.ts';

/** In the place of a descriptor: passed over. */
export const NOBODY = -1;
/** Connections taken in one turn of the event loop: some milliseconds. */
export const ACCEPTS_A_TURN_MAX = 64;
const SOCK_NONBLOCK_CLOEXEC = 0x80800;
const FDS_MIN = 64;
/** Every connection that a turn is told of, and those it takes. */
const GATHERED_MAX = EVENTS_A_TURN_MAX + ACCEPTS_A_TURN_MAX;
/** Bytes that many are given at once, whose place in memory is kept in mind. */
const ADDRESSES_MAX = 8;

/** A connection that may be written to by its number. */
export interface Numbered {
  readonly fd: number;
  /** Was written to, and `taken` of the bytes were taken: the rest is its own to deliver. */
  owe(bytes: Uint8Array, taken: number): void;
}

/** One that is written to when a turn ends. */
export interface Gathered extends Numbered {
  /** It has been; after `owe`. */
  written(): void;
}

/** What all bare connections of a port share. */
export class Descriptors {
  readonly kernel: Kernel;
  readonly poller: Poller;
  /** Of those taken last: descriptor and length of the first packet, in pairs; then an errno. */
  readonly #taken = new Int32Array(2 * ACCEPTS_A_TURN_MAX + 1);
  readonly #takenAt: bigint;
  readonly #packets = packetsOf(ACCEPTS_A_TURN_MAX);
  readonly #packetsAt: bigint;
  /** Of those sent to last, who took less: place in the list, bytes taken, in pairs. */
  cut = new Int32Array(2 * FDS_MIN);
  #cutAt: bigint;
  /** Where these lie: a ring. */
  readonly #known: (Uint8Array | null)[] = Array.from({ length: ADDRESSES_MAX }, () => null);
  readonly #knownAt: bigint[] = Array.from({ length: ADDRESSES_MAX }, () => 0n);
  #knownNext = 0;
  /** Who is to be written to before this turn ends, and what: by place. */
  readonly #gathered: Gathered[] = [];
  readonly #gatheredBytes: Uint8Array[] = [];
  readonly #gatheredFds = fdsOfRoom(GATHERED_MAX);
  readonly #gatheredFrom = new BigUint64Array(GATHERED_MAX);
  readonly #gatheredLengths = new Int32Array(GATHERED_MAX);
  readonly #gatheredCut = new Int32Array(2 * GATHERED_MAX);
  readonly #gatheredAt: Record<'fds' | 'from' | 'lengths' | 'cut', bigint>;
  #writing = false;

  /** @throws when the kernel has no descriptor, or Node's loop takes none */
  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.poller = new Poller(kernel, () => this.writeGathered());
    this.#takenAt = kernel.addressOf(this.#taken);
    this.#packetsAt = kernel.addressOf(this.#packets[0]!);
    this.#cutAt = kernel.addressOf(this.cut);
    this.#gatheredAt = {
      fds: kernel.addressOf(this.#gatheredFds),
      from: kernel.addressOf(this.#gatheredFrom),
      lengths: kernel.addressOf(this.#gatheredLengths),
      cut: kernel.addressOf(this.#gatheredCut),
    };
  }

  /** @returns how many of `bytes` the kernel took; fewer or none where it has no room, or the peer is gone */
  write(fd: number, bytes: Uint8Array): number {
    return Math.max(0, this.kernel.write(fd, this.#addressOf(bytes), bytes.length));
  }

  /** Everybody who stands at the same place, or is refused in the same words, is written the same object. */
  #addressOf(bytes: Uint8Array): bigint {
    const place = this.#known.indexOf(bytes);
    if (place !== -1) return this.#knownAt[place]!;
    const at = this.kernel.addressOf(bytes);
    this.#known[this.#knownNext] = bytes;
    this.#knownAt[this.#knownNext] = at;
    this.#knownNext = (this.#knownNext + 1) % ADDRESSES_MAX;
    return at;
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
   * Has `bytes` written to a connection before the poller's turn ends, together with all others who are
   * answered in it: one call, and the kernel's way is walked once after the other. Whatever else is to be done
   * with the connection comes after `writeGathered`.
   * @returns false outside of a turn: nothing is done
   */
  gather(connection: Gathered, bytes: Uint8Array): boolean {
    if (!this.poller.turning || this.#writing) return false;
    if (this.#gathered.length === GATHERED_MAX) this.writeGathered();
    const place = this.#gathered.push(connection) - 1;
    this.#gatheredBytes.push(bytes);
    this.#gatheredFds[place] = connection.fd;
    return true;
  }

  writeGathered(): void {
    if (this.#writing || this.#gathered.length === 0) return;
    this.#writing = true;
    try {
      const cut = this.#writeOwn();
      for (let pair = 0; pair < 2 * cut; pair += 2) {
        const place = this.#gatheredCut[pair]!;
        this.#gathered[place]!.owe(this.#gatheredBytes[place]!, this.#gatheredCut[pair + 1]!);
      }
      for (const connection of this.#gathered) connection.written();
    } finally {
      this.#gathered.length = 0;
      this.#gatheredBytes.length = 0;
      this.#writing = false;
    }
  }

  /** To each who was gathered its own. @returns how many did not take all; which stands in `#gatheredCut` */
  #writeOwn(): number {
    const { loops } = this.kernel;
    const count = this.#gathered.length;
    if (loops !== null) {
      for (let place = 0; place < count; place++) {
        const bytes = this.#gatheredBytes[place]!;
        this.#gatheredFrom[place] = this.#addressOf(bytes);
        this.#gatheredLengths[place] = bytes.length;
      }
      const { fds, from, lengths, cut } = this.#gatheredAt;
      return loops.sendOwn(fds, count, from, lengths, cut);
    }
    let pairs = 0;
    for (let place = 0; place < count; place++) {
      const bytes = this.#gatheredBytes[place]!;
      const taken = this.write(this.#gatheredFds[place]!, bytes);
      if (taken === bytes.length) continue;
      this.#gatheredCut[2 * pairs] = place;
      this.#gatheredCut[2 * pairs + 1] = taken;
      pairs++;
    }
    return pairs;
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
      PACKET_BYTES_MAX,
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
      const into = this.#packetsAt + BigInt(count * PACKET_BYTES_MAX);
      this.#taken[2 * count] = fd;
      this.#taken[2 * count + 1] = kernel.read(fd, into, PACKET_BYTES_MAX);
      count++;
    }
    return count;
  }

  fdOf(index: number): number {
    return this.#taken[2 * index]!;
  }

  /** How many bytes it had sent into `firstPacketOf`: 0 is its end, −1 nothing yet. */
  heardOf(index: number): number {
    return this.#taken[2 * index + 1]!;
  }

  /** Valid until the next `acceptEach`. */
  firstPacketOf(index: number): Buffer {
    return this.#packets[index]!;
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
