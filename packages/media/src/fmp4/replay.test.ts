import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../test/arbitrary.ts';
import { dumpBoxes } from '../../test/box-dump.ts';
import { decode, FFMPEG_MISSING, probe, sweepPackets, withFile } from '../../test/ffmpeg.ts';
import {
  initSegment,
  REPLAY_FRAGMENT_FRAMES,
  REPLAY_FRAGMENTS_MAX,
  ReplayPlan,
  wrapFragment,
} from './index.ts';

function record(
  packets: readonly Uint8Array[],
  channels: 1 | 2 = 1,
): { file: Uint8Array; plan: ReplayPlan } {
  const plan = new ReplayPlan(channels);
  for (const packet of packets) plan.add(packet.length);
  const writer = plan.writer();
  const pieces = [writer.header(), ...packets.map((packet) => writer.add(packet)), writer.finish()];
  return { file: joined(pieces.filter((piece) => piece !== null)), plan };
}

describe('replay', () => {
  it('is, for a short recording, what the golden file says', async () => {
    const packets = Array.from({ length: REPLAY_FRAGMENT_FRAMES + 2 }, () =>
      Uint8Array.of(0xfc, 0xff, 0xfe),
    );
    const { file } = record(packets);
    const dump = dumpBoxes(file).replaceAll(/(rest = (fc ff fe ?){3})[^\n]*/g, '$1…');
    await expect(dump).toMatchFileSnapshot('../../golden/replay.txt');
  });

  it('[P7] has the size, the length and every byte that were planned, whatever the packets', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), {
      maxLength: 3 * REPLAY_FRAGMENT_FRAMES,
    });
    fc.assert(
      fc.property(lengths, (sizes) => {
        const packets = sizes.map((size, index) => new Uint8Array(size).fill(index));
        const { file, plan } = record(packets);
        expect(file.length).toBe(plan.fileBytes);
        expect(plan.durationSamples).toBe(960 * sizes.length);
        expect(mediaDataOf(file)).toEqual(joined(packets));
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a second pass that is not the first', () => {
    const plan = new ReplayPlan(1);
    plan.add(3);
    const longer = plan.writer();
    longer.add(new Uint8Array(4));
    expect(() => longer.finish()).toThrow(/fragment 0 must have \d+ bytes as planned/);
    expect(() => plan.writer().finish()).toThrow('the second pass must have 1 fragments, got 0');
  });

  it('[P7] takes a recording longer than 91 hours in longer fragments, with one index for all', () => {
    const frames = REPLAY_FRAGMENTS_MAX * REPLAY_FRAGMENT_FRAMES + 1;
    const plan = new ReplayPlan(1, frames);
    for (let index = 0; index < frames; index += 1) plan.add(1);
    expect(plan.framesPerFragment).toBe(REPLAY_FRAGMENT_FRAMES + 1);
    expect(plan.frameCount).toBe(frames);
    const fragments = Math.ceil(frames / plan.framesPerFragment);
    expect(plan.header().length).toBeGreaterThan(12 * fragments);
    const writer = plan.writer();
    const packet = Uint8Array.of(1);
    const written = Array.from({ length: plan.framesPerFragment }, () => writer.add(packet));
    expect(written.at(-1)?.length).toBe(plan.fragmentBytes(0));
  }, 60_000);

  it('refuses what its index cannot hold', () => {
    const plan = new ReplayPlan(1);
    for (let index = 0; index < REPLAY_FRAGMENTS_MAX * REPLAY_FRAGMENT_FRAMES; index += 1)
      plan.add(1);
    expect(() => plan.add(1)).toThrow(`at most ${REPLAY_FRAGMENTS_MAX} fragments`);
  }, 60_000);
});

/** Everything that stands in `mdat`, found by walking the top-level boxes. */
function mediaDataOf(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x6d646174)
      parts.push(file.subarray(at + 8, at + view.getUint32(at)));
  }
  return joined(parts);
}

describe.skipIf(FFMPEG_MISSING !== null)(`ffmpeg as judge ${FFMPEG_MISSING ?? ''}`, () => {
  it.each([1, 2] as const)(
    '[P7] plays and seeks a recording with %i channel(s) without a warning',
    (channels) => {
      const packets = sweepPackets(13, channels);
      const { file } = record(packets, channels);
      withFile('replay.mp4', file, (path) => {
        const probed = probe(path);
        expect(probed.warnings).toBe('');
        expect(probed.duration).toBeCloseTo(packets.length * 0.02, 3);
        const whole = decode(path);
        expect(whole.warnings).toBe('');
        expect(whole.samples.length).toBe(packets.length * 960);
        const sought = decode(path, ['-ss', '8'], ['-t', '1']);
        expect(sought.warnings).toBe('');
        expect(sought.samples.length).toBe(48_000);
        // A decoder that starts in the middle needs 80 ms to converge (RFC 7845 §4.6).
        const converged = 0.1 * 48_000;
        const reference = whole.samples.subarray(8 * 48_000 + converged, 9 * 48_000);
        expect(correlation(sought.samples.subarray(converged), reference)).toBeGreaterThan(0.999);
      });
    },
  );

  it('decodes a live response joined in the middle without a warning', () => {
    const packets = sweepPackets(4, 1);
    const chunks = Array.from({ length: Math.floor(packets.length / 10) }, (_, index) =>
      wrapFragment({
        seq: 700_000 + index,
        capturedAtMs: 1.8e12 + index * 200,
        frames: packets.slice(index * 10, index * 10 + 10),
        snapshot: index % 5 === 0 ? new TextEncoder().encode('{"v":1}') : new Uint8Array(),
      }),
    );
    withFile('live.mp4', joined([initSegment(1), ...chunks]), (path) => {
      const { samples, warnings } = decode(path);
      expect(warnings).toBe('');
      expect(samples.length).toBe(chunks.length * 9600);
      expect(probe(path)).toMatchObject({ start: 140_000, warnings: '' });
    });
  });
});

function correlation(a: Float32Array, b: Float32Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
