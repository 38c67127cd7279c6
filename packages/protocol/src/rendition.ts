/** One encoding of the programme. The identifiers stand in URLs and in file names. */
export interface Rendition {
  readonly id: RenditionId;
  readonly channels: 1 | 2;
  readonly bitrateBps: number;
}

export type RenditionId = 'voice' | 'music';

export const RENDITIONS: Readonly<Record<RenditionId, Rendition>> = {
  voice: { id: 'voice', channels: 1, bitrateBps: 32_000 },
  music: { id: 'music', channels: 2, bitrateBps: 96_000 },
};
