/**
 * Packets waiting to be decoded, in the order of their RTP time. Invariant: no two have the same time;
 * at most QUEUE_PACKETS_MAX wait, the oldest gives way. Payloads are copied into slots that are used again.
 */

export const QUEUE_PACKETS_MAX = 128;

export interface QueuedPacket {
  /** Unwrapped RTP sequence number. */
  sequence: number;
  /** Unwrapped RTP time, samples. */
  timestamp: number;
  /** Duration, samples. */
  samples: number;
  payload: Uint8Array;
  /** What `payload` is a view of. */
  storage: Uint8Array;
}

export class PacketQueue {
  readonly #waiting: QueuedPacket[] = [];
  readonly #free: QueuedPacket[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** The earliest packet; valid until the next `remove` or `insert`. */
  first(): QueuedPacket | undefined {
    return this.#waiting[0];
  }

  /** @returns false for a duplicate. */
  insert(sequence: number, timestamp: number, samples: number, payload: Uint8Array): boolean {
    const waiting = this.#waiting;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1]!.timestamp > timestamp) at -= 1;
    if (at > 0 && waiting[at - 1]!.timestamp === timestamp) return false;
    if (waiting.length === QUEUE_PACKETS_MAX) {
      if (at === 0) return false;
      this.remove();
      at -= 1;
    }
    const packet = this.#slot(payload.length);
    packet.sequence = sequence;
    packet.timestamp = timestamp;
    packet.samples = samples;
    packet.storage.set(payload);
    packet.payload = packet.storage.subarray(0, payload.length);
    if (at === waiting.length) waiting.push(packet);
    else waiting.splice(at, 0, packet);
    return true;
  }

  /** Forgets the earliest packet. */
  remove(): void {
    const packet = this.#waiting.shift();
    if (packet !== undefined) this.#free.push(packet);
  }

  clear(): void {
    while (this.#waiting.length > 0) this.remove();
  }

  #slot(bytes: number): QueuedPacket {
    const packet = this.#free.pop();
    if (packet === undefined) {
      const storage = new Uint8Array(roundedUp(bytes));
      return { sequence: 0, timestamp: 0, samples: 0, payload: storage, storage };
    }
    if (packet.storage.length < bytes) packet.storage = new Uint8Array(roundedUp(bytes));
    return packet;
  }
}

function roundedUp(bytes: number): number {
  return Math.ceil(bytes / 256) * 256;
}
