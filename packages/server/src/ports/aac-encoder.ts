/**
 * AAC-LC for players that know no Opus. An encoder is deterministic: the same samples, from its beginning,
 * give the same frames in every process and on every machine.
 */
export interface AacEncoder {
  /**
   * Begins a stretch of sound that knows of no other. `frame` is given its frames in order: the first is
   * priming; frame k, decoded after the one before it, is the samples from (k − 1) × 1024; it comes when the
   * samples up to (k + 2) × 1024 have been pushed, or soon after.
   * @throws when the encoder cannot be loaded
   */
  begin(
    channels: 1 | 2,
    bitrateBps: number,
    frame: (bytes: Uint8Array) => void,
  ): Promise<AacStretch>;
}

export interface AacStretch {
  /** Any number of samples per channel, 48 kHz, interleaved; one call after the other. */
  push(pcm: Float32Array): Promise<void>;
  /** Gives back what it holds; what was pushed may not have been encoded. Idempotent. */
  close(): void;
}
