import { initSegment, wrapFragment } from '@parterre/media/fmp4';
import { CHUNK_MS, PROFILES, type Snapshot } from '@parterre/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { Line } from './line.ts';
import type { Fragment } from './reader.ts';
import type { System } from './system.ts';

const FRAMES = Array.from({ length: 10 }, () => Uint8Array.of(0xfc, 0xff, 0xfe));
const MOMENT_MS = 400;
const END_MS = 1_800_000_000_000;

function snapshot(more: Partial<Snapshot>): Uint8Array {
  const about = { v: 1, state: 'live', title: 'T', host: '', startsAtMs: null, liveAtMs: null };
  return new TextEncoder().encode(
    JSON.stringify({ ...about, profile: 'near', holding: true, seats: [], ...more }),
  );
}

/** Live responses that are held open; what is asked for is kept. */
class Houses {
  readonly asked: string[] = [];
  #write: ((bytes: Uint8Array) => void) | null = null;

  readonly system: System = {
    monotonicMs: () => 0,
    wallMs: () => END_MS,
    random: () => 0.5,
    // What waits for trouble never comes; what is put off for a moment comes at once.
    after: (delayMs, task) => {
      if (delayMs < MOMENT_MS) queueMicrotask(task);
      return () => {};
    },
    fetch: async (input) => {
      this.asked.push(String(input).replace(/[?&]session=[^&]+$/, ''));
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#write = (bytes) => controller.enqueue(bytes);
        },
      });
      return new Response(body, { headers: { 'content-type': 'audio/mp4; codecs="opus"' } });
    },
  };

  send(chunks: readonly { seq: number; capturedAtMs: number; snapshot?: Uint8Array }[]): void {
    const bytes = chunks.map((chunk) =>
      wrapFragment({ snapshot: new Uint8Array(), frames: FRAMES, ...chunk }),
    );
    this.#write!(new Uint8Array(Buffer.concat([initSegment(1), ...bytes])));
  }
}

let houses: Houses;
let line: Line;
let heard: Fragment[];
let moved: string[];
beforeEach(() => {
  houses = new Houses();
  heard = [];
  moved = [];
  line = new Line({ space: 'first', base: 'http://house', share: false }, houses.system, {
    init: () => {},
    fragment: (fragment) => heard.push(fragment),
    rewound: () => {
      throw new Error('rewound');
    },
    report: () => {},
    moved: (space) => moved.push(space),
    aheadMs: () => 800,
    led: () => {},
  });
});

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('a line over a space that is given up', () => {
  const last = [1_000, 1_001].map((seq) => ({
    seq,
    capturedAtMs: END_MS + (seq - 1_001) * CHUNK_MS,
    ...(seq === 1_001 ? { snapshot: snapshot({ state: 'ended', successor: 'second' }) } : {}),
  }));

  it('[P3] goes on in the successor in one row of numbers, with nothing from before the end', async () => {
    line.start(1_000);
    await settled();
    houses.send(last);
    await settled();
    expect(moved).toEqual(['second']);
    expect(houses.asked).toEqual(['http://house/live/first?from=1000', 'http://house/live/second']);
    const of = (seq: number) => ({ seq, capturedAtMs: END_MS + (seq - 6) * CHUNK_MS + 130 });
    houses.send([3, 4, 5, 6, 7].map(of));
    await settled();
    expect(heard.map(({ seq }) => seq)).toEqual([1_000, 1_001, 1_002, 1_003]);
    expect(heard.at(-2)!.capturedAtMs).toBe(of(6).capturedAtMs);
    const media = Buffer.from(heard.at(-1)!.media);
    expect(media.readBigUInt64BE(media.indexOf('tfdt') + 8)).toBe(1_003n * 9_600n);
    line.restart(1_004, 'network');
    expect(houses.asked.at(-1)).toBe('http://house/live/second?from=8');
  });

  it('[P1] leaves out no more than a house sends at once, whatever the clocks say', async () => {
    line.start(1_000);
    await settled();
    houses.send(last);
    await settled();
    const past = Array.from({ length: 25 }, (_, seq) => ({ seq, capturedAtMs: 1_000 + seq }));
    houses.send(past);
    await settled();
    expect(heard.length - 2).toBe(past.length - PROFILES.steady.bufferMs / CHUNK_MS);
    expect(heard.at(-1)!.seq).toBe(1_001 + heard.length - 2);
  });

  it('hears nothing more of the space that it left', async () => {
    line.start(null);
    await settled();
    houses.send([...last, { seq: 1_002, capturedAtMs: END_MS + CHUNK_MS }]);
    await settled();
    expect(heard.map(({ seq }) => seq)).toEqual([1_000, 1_001]);
    line.moveTo('second');
    expect(moved).toEqual(['second']);
  });
});
