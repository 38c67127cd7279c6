/** A live lane's bytes as an edge sends them, and ears to hear them with. */
import { createOpusDecoder, holdingFrames, initSegment, wrapFragment } from '@parterre/media';
import { CHUNK_MS, PROFILES, RENDITIONS } from '@parterre/protocol';
import { type Audience, Hearing } from './hearing.ts';
import { Reference } from './reference.ts';
import { Tallies } from './tallies.ts';

export const CAPTURED_AT_MS = 1_800_000_000_000;
export const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: audio/mp4; codecs="opus"\r\nConnection: close\r\n\r\n';
export const INIT = Buffer.from(initSegment(1));
const SNAPSHOT = Buffer.from('{"v":1,"state":"live","seats":[]}');

export function chunkOf(seq: number): Buffer {
  return Buffer.from(
    wrapFragment({
      seq,
      capturedAtMs: CAPTURED_AT_MS + seq * CHUNK_MS,
      frames: holdingFrames(RENDITIONS.voice, seq),
      snapshot: seq % 5 === 0 ? SNAPSHOT : new Uint8Array(0),
    }),
  );
}

/** A chunk whose last packet was altered on the way. */
export function alteredChunkOf(seq: number): Buffer {
  const chunk = chunkOf(seq);
  const last = chunk.length - 1;
  chunk[last] = chunk[last]! ^ 0x55;
  return chunk;
}

export function answerOf(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(HEAD), INIT, ...chunks]);
}

const decoders = { 1: await createOpusDecoder(1), 2: await createOpusDecoder(2) };

/** Ears of a process that has heard nothing yet. Monotonic 0 is when chunk 0 was captured. */
export function anAudience(profile: 'near' | 'steady' = 'steady'): Audience {
  return {
    reference: new Reference(decoders),
    lean: new Reference(decoders),
    tallies: new Tallies(),
    profile: PROFILES[profile],
    wallOffsetMs: CAPTURED_AT_MS,
  };
}

/** One who has asked, at `nowMs`. */
export function aListener(audience: Audience, nowMs = 0, excused = false): Hearing {
  const hearing = new Hearing(audience, excused);
  hearing.ask(nowMs);
  return hearing;
}
