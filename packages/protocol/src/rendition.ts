/** One encoding of the programme. The identifiers stand in URLs and in file names. */
export interface Rendition {
  readonly id: RenditionId;
  readonly channels: 1 | 2;
  readonly bitrateBps: number;
}

/** What a space may have. */
export type SpaceRenditionId = 'voice' | 'music';
export type RenditionId = SpaceRenditionId | 'voice24';

export const RENDITIONS: Readonly<Record<SpaceRenditionId, Rendition>> = {
  voice: { id: 'voice', channels: 1, bitrateBps: 32_000 },
  music: { id: 'music', channels: 2, bitrateBps: 96_000 },
};

/**
 * What is sent beside a space's own rendition when the way out is what is short. The init segment and the
 * clock are the same: one may be gone on with after the other at any chunk. It is not recorded.
 */
export const LEAN_RENDITIONS: Readonly<Partial<Record<SpaceRenditionId, Rendition>>> = {
  voice: { id: 'voice24', channels: 1, bitrateBps: 24_000 },
};
