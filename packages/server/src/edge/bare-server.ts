/**
 * A listening socket whose connections come as `BareSocket`s, as many in one turn of the event loop as
 * there is time for. It leaves the socket to the others that share it, and takes from it again, without a
 * queued connection being lost.
 */
import type { Server } from 'node:net';
import type { Kernel } from '../ports/kernel.ts';
import { type BareOwner, BareSocket } from './bare-socket.ts';
import { Descriptors } from './descriptors.ts';
import { type Pollable, READABLE } from './poller.ts';

/** A peer that vanished without a word is found by the kernel's probes after this long idle. */
export const KEEP_ALIVE_S = 30;
const F_DUPFD_CLOEXEC = 1_030;
/** ENFILE, EMFILE, ENOBUFS, ENOMEM. */
const EXHAUSTED: ReadonlySet<number> = new Set([23, 24, 105, 12]);

export interface BareServerOwner extends BareOwner {
  /** A connection has come, which is to `begin` with what it has sent already, or be refused. */
  accepted(socket: BareSocket, packet: Buffer, length: number): void;
  /** The process or the machine has no descriptor left: to go on taking would be a busy wait. */
  exhausted(): void;
}

export class BareServer implements Pollable {
  readonly #descriptors: Descriptors;
  readonly #fd: number;
  readonly #owner: BareServerOwner;
  #taking = false;
  #stopped = false;

  private constructor(descriptors: Descriptors, fd: number, owner: BareServerOwner) {
    this.#descriptors = descriptors;
    this.#fd = fd;
    this.#owner = owner;
  }

  /**
   * Takes over from `server`, which listens and is closed.
   * @param backlog connections that may wait in the kernel's queue
   * @returns null where this cannot be done; nothing is changed then
   */
  static instead(
    kernel: Kernel,
    server: Server,
    backlog: number,
    owner: BareServerOwner,
  ): BareServer | null {
    const { fd } = (server as unknown as { _handle?: { fd?: unknown } | null })._handle ?? {};
    if (typeof fd !== 'number' || fd < 0) return null;
    const descriptors = openDescriptors(kernel);
    if (descriptors === null) return null;
    const own = kernel.fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) {
      descriptors.poller.close();
      return null;
    }
    setOptions(kernel, own);
    // Node gives an inherited descriptor a queue of its own choice.
    kernel.listen(own, backlog);
    const bare = new BareServer(descriptors, own, owner);
    server.close();
    bare.take();
    return bare;
  }

  get taking(): boolean {
    return this.#taking;
  }

  take(): void {
    if (!this.#taking && !this.#stopped)
      this.#taking = this.#descriptors.poller.add(this.#fd, this, READABLE);
  }

  /** What waits in the kernel's queue is left to those who share the socket. */
  leave(): void {
    this.#taking = false;
    this.#descriptors.poller.remove(this.#fd, false);
  }

  /** Takes no more; the connections that are open go on. */
  stop(): void {
    this.leave();
    if (!this.#stopped) this.#descriptors.kernel.close(this.#fd);
    this.#stopped = true;
  }

  /** Ends the connections that are left, too. */
  close(): void {
    this.stop();
    for (const socket of this.sockets()) socket.destroy();
    this.#descriptors.poller.close();
  }

  /** Those that are open. */
  *sockets(): Iterable<BareSocket> {
    for (const pollable of this.#descriptors.poller.pollables())
      if (pollable instanceof BareSocket) yield pollable;
  }

  ready(): void {
    const descriptors = this.#descriptors;
    const count = descriptors.acceptEach(this.#fd);
    const exhausted = EXHAUSTED.has(descriptors.acceptError);
    for (let index = 0; index < count; index++) {
      const socket = new BareSocket(descriptors, descriptors.fdOf(index), this.#owner);
      this.#owner.accepted(socket, descriptors.firstPacketOf(index), descriptors.heardOf(index));
    }
    if (exhausted) this.#owner.exhausted();
  }
}

function openDescriptors(kernel: Kernel): Descriptors | null {
  try {
    return new Descriptors(kernel);
  } catch {
    return null;
  }
}

const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const TCP_DEFER_ACCEPT = 9;
const TCP_NOTSENT_LOWAT = 25;
/** A connection is not taken before it has said something, or for so long: then its request lies there. */
const DEFER_S = 1;
/** More than this is not kept unsent in the kernel for one connection: 16 seconds of sound. */
const UNSENT_BYTES_MAX = 65_536;

/** Linux's accepted sockets inherit them. */
function setOptions(kernel: Kernel, fd: number): void {
  const value = Buffer.alloc(4);
  const at = kernel.addressOf(value);
  const options = [
    [IPPROTO_TCP, TCP_NODELAY, 1],
    [SOL_SOCKET, SO_KEEPALIVE, 1],
    [IPPROTO_TCP, TCP_KEEPIDLE, KEEP_ALIVE_S],
    [IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S],
    [IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX],
  ] as const;
  for (const [level, name, wanted] of options) {
    value.writeInt32LE(wanted);
    kernel.setsockopt(fd, level, name, at, value.length);
  }
}
