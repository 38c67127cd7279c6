/**
 * Warm decoders: made ahead, so that a voice that joins in the middle of a tick gets one at once. A
 * decoder that is given back is freed and replaced in the background, since its state belongs to the
 * stream it came from. Invariant: taken + spare ≤ capacity.
 */
import { createOpusDecoder, type OpusDecoder } from './codec.ts';

export class DecoderPool {
  readonly #channels: 1 | 2;
  readonly #spare: OpusDecoder[];
  #closed = false;

  private constructor(channels: 1 | 2, spare: OpusDecoder[]) {
    this.#channels = channels;
    this.#spare = spare;
  }

  static async create(channels: 1 | 2, capacity: number): Promise<DecoderPool> {
    const spare = await Promise.all(
      Array.from({ length: capacity }, () => createOpusDecoder(channels)),
    );
    return new DecoderPool(channels, spare);
  }

  /** A fresh decoder, or null while none is there. */
  take(): OpusDecoder | null {
    return this.#spare.pop() ?? null;
  }

  release(decoder: OpusDecoder): void {
    decoder.free();
    if (!this.#closed) void this.#replace();
  }

  close(): void {
    this.#closed = true;
    for (const decoder of this.#spare.splice(0)) decoder.free();
  }

  async #replace(): Promise<void> {
    const decoder = await createOpusDecoder(this.#channels);
    if (this.#closed) decoder.free();
    else this.#spare.push(decoder);
  }
}
