import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameParser } from './framing.ts';

describe('framing', () => {
  it('gives frames back as they went in, whatever the pieces', () => {
    const frame = fc.record({ type: fc.nat({ max: 255 }), body: fc.uint8Array({ maxLength: 60 }) });
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(({ type, body }) => encodeFrame(type, body)));
        const got: [number, number[]][] = [];
        const parser = new FrameParser((type, body) => got.push([type, [...body]]));
        let at = 0;
        for (const cut of cuts) {
          parser.push(stream.subarray(at, at + cut));
          at += cut;
        }
        parser.push(stream.subarray(at));
        expect(got).toEqual(frames.map(({ type, body }) => [type, [...body]]));
      }),
    );
  });

  it('never hands on more than it was given and throws only RangeError, on noise', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        let handed = 0;
        const parser = new FrameParser((_type, body) => {
          handed += body.length + 5;
        });
        let given = 0;
        try {
          for (const piece of pieces) {
            given += piece.length;
            parser.push(Buffer.from(piece));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
        expect(handed).toBeLessThanOrEqual(given);
      }),
    );
  });
});
