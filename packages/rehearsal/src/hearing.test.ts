import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Audience, Hearing } from './hearing.ts';
import {
  aListener,
  alteredChunkOf,
  anAudience,
  answerOf,
  chunkOf,
  HEAD,
} from './programme.fixture.ts';
import { HELD_CHUNKS } from './reference.ts';

const LATER_MS = 20_000;
const row = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
const chunksOf = (from: number, to: number): Buffer[] => row(from, to).map(chunkOf);

/** Gives the bytes in pieces that end at `cuts`, out of one buffer that is used again, as a socket does. */
function hear(hearing: Hearing, bytes: Buffer, cuts: readonly number[] = [], nowMs = LATER_MS) {
  const shared = Buffer.alloc(bytes.length);
  const ends = [...new Set(cuts.map((at) => at % bytes.length)), bytes.length];
  let from = 0;
  let refusal = null;
  for (const end of ends.sort((a, b) => a - b)) {
    if (end === from || refusal !== null) continue;
    shared.fill(0);
    bytes.copy(shared, 0, from, end);
    refusal = hearing.take(shared, end - from, nowMs);
    from = end;
  }
  return refusal;
}

function countsOf({ tallies }: Audience, hearing: Hearing) {
  const { chunks, gaps, wrong, dry } = tallies;
  return { chunks, gaps, wrong, dry, next: hearing.next };
}

describe('hearing', () => {
  it('[P1] hears a whole programme as whole', () => {
    const audience = anAudience();
    const first = aListener(audience);
    const second = aListener(audience);
    const answer = answerOf(...chunksOf(10, 28));
    expect(hear(first, answer)).toBeNull();
    expect(hear(second, answer)).toBeNull();
    expect(countsOf(audience, second)).toEqual({ chunks: 36, gaps: 0, wrong: 0, dry: 0, next: 28 });
  });

  it('[P1] is as patient as the profile it was given, and hears each rendition against its own', () => {
    const audience = anAudience();
    const given = HEAD.replace('\r\n', '\r\nParterre-Lane: profile=far&rendition=voice24\r\n');
    const sound = answerOf(...chunksOf(10, 50)).subarray(HEAD.length);
    const far = aListener(audience);
    expect(hear(far, Buffer.concat([Buffer.from(given), sound]), [], LATER_MS)).toBeNull();
    expect(far.profile.id).toBe('far');
    expect(far.lane).toBe('profile=far&rendition=voice24');
    // The same sequence with other bytes: another rendition, not another content.
    const own = aListener(audience);
    expect(hear(own, answerOf(...row(10, 28).map(alteredChunkOf)))).toBeNull();
    expect(audience.tallies.wrong).toBe(0);
    expect(own.profile.id).toBe('steady');
    expect(hear(far, Buffer.concat(chunksOf(50, 75)), [], LATER_MS + 7_900)).toBeNull();
    expect(audience.tallies.dry).toBe(0);
    expect(audience.tallies.gaps).toBe(0);
  });

  it('[P1] keeps what lets it come back, as it was written, over an answer without', () => {
    const hearing = aListener(anAudience());
    expect(hearing.pass).toBe(null);
    const [plain, sound] = [HEAD, answerOf(...chunksOf(10, 28)).subarray(HEAD.length)];
    const named = plain.replace('\r\n', '\r\nParterre-Return: aB-_.9\r\n');
    expect(hear(hearing, Buffer.concat([Buffer.from(named), sound]))).toBeNull();
    expect(hearing.pass).toBe('aB-_.9');
    hearing.ask(LATER_MS);
    expect(hear(hearing, answerOf(...chunksOf(28, 30)))).toBeNull();
    expect(hearing.pass).toBe('aB-_.9');
  });

  it('[P1] finds a chunk that never came, heard first or heard before', () => {
    for (const known of [false, true]) {
      const audience = anAudience();
      if (known) hear(aListener(audience), answerOf(...chunksOf(10, 28)));
      const hearing = aListener(audience);
      hear(hearing, answerOf(...chunksOf(10, 15), ...chunksOf(17, 28)));
      expect(audience.tallies.gaps, `known: ${known}`).toBe(2);
      expect(audience.tallies.wrong).toBe(0);
      expect(hearing.next).toBe(28);
    }
  });

  it('[P1] finds other content at a sequence, and a sequence that comes again', () => {
    const audience = anAudience();
    hear(aListener(audience), answerOf(...chunksOf(10, 20)));
    hear(
      aListener(audience),
      answerOf(...chunksOf(10, 13), alteredChunkOf(13), ...chunksOf(14, 20)),
    );
    expect(audience.tallies.wrong).toBe(1);
    hear(aListener(audience), answerOf(...chunksOf(10, 13), ...chunksOf(12, 20)));
    expect(audience.tallies.wrong).toBe(2);
    expect(audience.tallies.gaps).toBe(0);
  });

  it('[P1] finds bytes that are not the live lane, whoever hears them first', () => {
    const audience = anAudience();
    const chunk = chunkOf(10);
    chunk.writeUInt32BE(0x66726565, chunk.indexOf('moof')); // "free"
    expect(hear(aListener(audience), answerOf(chunk))?.detail).toMatch(/not of the live lane/);
    expect(audience.tallies.wrong).toBe(1);
    expect(hear(aListener(audience), Buffer.from(`${HEAD}<html><head>`))?.detail).toMatch(
      /init segment/,
    );
  });

  it('counts the same wherever the reads are cut, whatever is wrong with the stream', () => {
    const damage = fc.constantFrom('none', 'missing', 'altered', 'again');
    const cuts = fc.array(fc.nat(60_000), { maxLength: 12 });
    fc.assert(
      fc.property(
        damage,
        cuts,
        fc.boolean(),
        fc.integer({ min: 1, max: 8 }),
        (what, at, known, k) => {
          const chunks = chunksOf(100, 110);
          if (what === 'missing') chunks.splice(k, 1);
          if (what === 'altered') chunks[k] = alteredChunkOf(100 + k);
          if (what === 'again') chunks.splice(k, 0, chunkOf(100 + k));
          const heard = [[], at].map((pieces) => {
            const audience = anAudience();
            if (known) hear(aListener(audience), answerOf(...chunksOf(95, 115)));
            const hearing = aListener(audience);
            hear(hearing, answerOf(...chunks), pieces);
            return countsOf(audience, hearing);
          });
          expect(heard[1]).toEqual(heard[0]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('counts the same when listeners hear in turns, each the first now and then', () => {
    const pieces = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 3_000 })), {
      minLength: 20,
      maxLength: 80,
    });
    fc.assert(
      fc.property(pieces, (turns) => {
        const audience = anAudience();
        const answer = answerOf(...chunksOf(0, 20));
        const ears = [0, 1, 2].map(() => ({ hearing: aListener(audience), at: 0 }));
        const rest = ears.map((_, who) => [who, answer.length] as const);
        for (const [who, count] of [...turns, ...rest]) {
          const ear = ears[who]!;
          const piece = answer.subarray(ear.at, ear.at + count);
          if (piece.length === 0) continue;
          ear.at += piece.length;
          expect(ear.hearing.take(Buffer.from(piece), piece.length, LATER_MS)).toBeNull();
        }
        const { chunks, gaps, wrong } = audience.tallies;
        expect({ chunks, gaps, wrong }).toEqual({ chunks: 60, gaps: 0, wrong: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('goes on at the next sequence after a loss, and does not take the opening for late', () => {
    const audience = anAudience();
    const hearing = aListener(audience);
    hear(hearing, answerOf(...chunksOf(0, 18)), [], 3_700);
    hearing.ask(5_000);
    hear(hearing, answerOf(...chunksOf(18, 26)), [], 5_300);
    expect(countsOf(audience, hearing)).toEqual({
      chunks: 26,
      gaps: 0,
      wrong: 0,
      dry: 0,
      next: 26,
    });
    // Late can be only what was still being captured when it asked: all 18 at first, 25 after the loss.
    expect(audience.tallies.latency.count).toBe(19);
  });

  it('[P1] tells when the buffer has run dry, once, and plays on', () => {
    const audience = anAudience('near');
    const hearing = aListener(audience, 2_000);
    hear(hearing, answerOf(...chunksOf(6, 10)), [], 2_010);
    hear(hearing, chunkOf(10), [], 2_700);
    expect(audience.tallies.dry).toBe(0);
    hear(hearing, chunkOf(11), [], 3_200);
    expect(audience.tallies.dry).toBe(1);
    hear(hearing, chunkOf(12), [], 3_300);
    expect(audience.tallies.dry).toBe(1);
  });

  it('excuses a slow reader, whose gaps and dryness are its own', () => {
    const audience = anAudience('near');
    const hearing = aListener(audience, 0, true);
    hear(hearing, answerOf(...chunksOf(0, 4)), [], 900);
    hear(hearing, Buffer.concat(chunksOf(50, 54)), [], 11_000);
    expect(countsOf(audience, hearing)).toMatchObject({ gaps: 0, dry: 0, wrong: 0, next: 54 });
  });

  it('tells a refusal with what the server asks for', () => {
    const audience = anAudience();
    const answer = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n\r\n{}');
    const refusal = { status: 503, retryAfter: '2', code: null, detail: 'status 503' };
    expect(hear(aListener(audience), answer)).toEqual(refusal);
    expect(hear(aListener(audience), answer, [3, 30])).toEqual(refusal);
    const full = Buffer.from('HTTP/1.1 503 Busy\r\n\r\n{"error":{"code":"waiting"}}');
    expect(hear(aListener(audience), full)).toMatchObject({ code: 'waiting' });
  });

  it('holds a bounded past, and compares within it', () => {
    const audience = anAudience();
    const first = aListener(audience);
    hear(first, answerOf(...chunksOf(0, HELD_CHUNKS + 300)), [], 200_000);
    expect(audience.reference.has(299)).toBe(false);
    expect(audience.reference.has(HELD_CHUNKS + 299)).toBe(true);
    const second = aListener(audience);
    hear(second, answerOf(...chunksOf(290, HELD_CHUNKS + 300)), [], 200_000);
    expect(audience.tallies.wrong).toBe(0);
    expect(audience.tallies.gaps).toBe(0);
    expect(second.next).toBe(HELD_CHUNKS + 300);
  });
});
