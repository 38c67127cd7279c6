/**
 * Opening clips: samples of our own making, which the programme plays as they are and never decodes. What
 * somebody brought has been made into them elsewhere; a clip is known by its hash, so that another one, or a
 * damaged one, is never played in its place [P3, P4].
 */

/** What a plan keeps of a clip. 16 bits, little-endian, interleaved, 48 kHz. */
export interface Clip {
  /** SHA-256 of its bytes, hexadecimal. */
  readonly hash: string;
  /** Of each channel. */
  readonly samples: number;
  readonly channels: 1 | 2;
}

export interface ClipStore {
  /**
   * Levels what was brought to −16 LUFS and keeps it, durably.
   * @throws ParterreError `bad_request` when nothing is to be heard in it, `disk_full`
   */
  save(spaceId: string, pcm: Int16Array, channels: 1 | 2): Promise<Clip>;
  /** @throws Error when it is not there, or is not that clip */
  read(spaceId: string, clip: Clip): Promise<Int16Array>;
  /** Whether it is there, as long as it should be. */
  has(spaceId: string, clip: Clip): Promise<boolean>;
  /** Removes all clips of a space but this one. */
  prune(spaceId: string, kept: Clip | null): Promise<void>;
}

/** The bytes of a clip. */
export function clipBytes({ samples, channels }: Pick<Clip, 'samples' | 'channels'>): number {
  return samples * channels * Int16Array.BYTES_PER_ELEMENT;
}
