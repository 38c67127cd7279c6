/**
 * The connections of a port by number: read, written to and polled without an object for each.
 */
import type { Kernel } from '../ports/kernel.ts';
import { Poller } from './poller.ts';

/** A first packet that is longer is no listener's; the rest is left for whom the connection becomes. */
const PACKET_BYTES_MAX = 16_384;

/** What all bare connections of a port share. */
export class Descriptors {
  readonly kernel: Kernel;
  readonly poller: Poller;
  readonly packet = Buffer.alloc(PACKET_BYTES_MAX);
  readonly packetAt: bigint;
  #bytes: Uint8Array | null = null;
  #bytesAt = 0n;

  /** @throws when the kernel has no descriptor, or Node's loop takes none */
  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.poller = new Poller(kernel);
    this.packetAt = kernel.addressOf(this.packet);
  }

  /** @returns how many of `bytes` were read into `packet`; 0 is the end, −1 nothing yet or an error */
  read(fd: number): number {
    return this.kernel.read(fd, this.packetAt, PACKET_BYTES_MAX);
  }

  /** @returns how many of `bytes` the kernel took; fewer or none where it has no room, or the peer is gone */
  write(fd: number, bytes: Uint8Array): number {
    // Everybody who stands at the same place is written the same object.
    if (bytes !== this.#bytes) {
      this.#bytesAt = this.kernel.addressOf(bytes);
      this.#bytes = bytes;
    }
    return Math.max(0, this.kernel.write(fd, this.#bytesAt, bytes.length));
  }
}
