import { CHUNK_MS } from '@parterre/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Arrivals } from './arrivals.ts';
import { Crowd, type CrowdSample } from './crowd.ts';
import { type Lane, type Lie, openLane, realSystem, truth } from './lane.fixture.ts';
import { alteredChunkOf, chunkOf } from './programme.fixture.ts';
import type { System } from './system.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** A crowd in front of a lane, and the sum of its samples. */
async function aCrowd(lie: Lie, listeners: number, system: System = realSystem) {
  const lane = await openLane(lie);
  const crowd = await Crowd.open({
    system,
    index: 0,
    target: {
      host: '127.0.0.1',
      port: lane.port,
      tls: false,
      space: 'space',
      asked: null,
      profile: 'steady',
      loopback: true,
    },
    manners: { visits: 0, slow: 0, churn: 0, patience: null },
  });
  opened.push(crowd, lane);
  crowd.want(listeners);
  const sum = { joins: 0, resumes: 0, leaves: 0, gaps: 0, wrong: 0, dry: 0, chunks: 0 };
  const faults: string[] = [];
  const look = (): CrowdSample => {
    const sample = crowd.sample();
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += sample[key];
    faults.push(...sample.faults);
    return sample;
  };
  await vi.waitUntil(() => look().listeners === listeners);
  return { lane, crowd, sum, faults, look };
}

async function flushed(
  lane: Lane,
  look: () => CrowdSample,
  sum: { chunks: number },
  chunks: number,
) {
  lane.flush();
  await vi.waitUntil(() => {
    look();
    return sum.chunks >= chunks;
  });
}

describe('a crowd', () => {
  it('[P8] hears an honest lane without a fault, and leaves', async () => {
    const { lane, crowd, sum, look } = await aCrowd(truth, 20);
    await flushed(lane, look, sum, 20 * 19);
    expect(sum).toMatchObject({ joins: 20, resumes: 0, gaps: 0, wrong: 0, dry: 0, chunks: 380 });
    crowd.want(5);
    await vi.waitUntil(() => look().listeners === 5);
    expect(sum.leaves).toBe(15);
  });

  it('[P8] finds one chunk that one listener in twenty was not sent', async () => {
    const lie: Lie = (seq, listener) => (listener === 7 && seq === 110 ? [] : truth(seq, listener));
    const { sum, faults } = await aCrowd(lie, 20);
    expect(sum).toMatchObject({ gaps: 1, wrong: 0 });
    expect(faults).toEqual(['chunks 110 to 110 never came']);
  });

  it('[P8] finds one byte that one listener in twenty was sent otherwise', async () => {
    const lie: Lie = (seq, listener) =>
      listener === 7 && seq === 110 ? [alteredChunkOf(seq)] : truth(seq, listener);
    const { sum, faults } = await aCrowd(lie, 20);
    expect(sum).toMatchObject({ gaps: 0, wrong: 1 });
    expect(faults).toEqual(['chunk 110 is not what another listener heard']);
  });

  it('[P8] finds sound that cannot be decoded, though everybody is sent the same', async () => {
    const lie: Lie = (seq) => {
      const chunk = chunkOf(seq);
      // Code 3 with a frame count of zero (RFC 6716 §3.2.5) is no Opus packet.
      if (seq === 110) chunk.set([0x03, 0x00], chunk.indexOf('mdat') + 4);
      return [chunk];
    };
    const { sum, faults } = await aCrowd(lie, 3);
    expect(sum.wrong).toBeGreaterThanOrEqual(1);
    expect(faults[0]).toMatch(/chunk 110 holds a packet/);
  });

  it('[P1] goes on at the next chunk when its connections are lost, spread over the buffer', async () => {
    const { lane, crowd, sum, look } = await aCrowd(truth, 40);
    lane.crash();
    await vi.waitUntil(() => look().listeners === 0);
    lane.flush();
    await vi.waitUntil(() => look().listeners === 40, { timeout: 10_000 });
    expect(sum).toMatchObject({ joins: 80, resumes: 40, gaps: 0, wrong: 0, dry: 0 });
    expect(new Set(lane.asked.slice(40))).toEqual(new Set([118]));
    crowd.cut(1, 0);
    await vi.waitUntil(() => look().listeners === 0);
  });

  it('[P1] finds no way back while its network is away, and what that costs is not counted', async () => {
    let passedMs = 0;
    const monotonicMs = (): number => performance.now() + passedMs;
    const { lane, crowd, sum, look } = await aCrowd(truth, 40, { ...realSystem, monotonicMs });
    crowd.cut(1, 60_000);
    const tries = new Arrivals();
    await vi.waitUntil(
      () => {
        tries.add(look().triesAway);
        return tries.counts.reduce((all, count) => all + count, 0) >= 80;
      },
      { timeout: 10_000 },
    );
    expect(lane.asked).toHaveLength(40);
    passedMs = 60_000;
    const programme = setInterval(() => lane.flush(), CHUNK_MS);
    await vi.waitUntil(() => look().listeners === 40, { timeout: 10_000 });
    clearInterval(programme);
    expect(new Set(lane.asked.slice(40))).toEqual(new Set([118]));
    expect(sum).toMatchObject({ resumes: 40, gaps: 0, wrong: 0, dry: 0 });
  });

  it('[P8] a process that was held up keeps its connections: what came meanwhile lies unread', async () => {
    let awayMs = 0;
    const monotonicMs = (): number => performance.now() + awayMs;
    const { lane, crowd, sum, look } = await aCrowd(truth, 20, { ...realSystem, monotonicMs });
    awayMs = 30_000;
    crowd.want(21); // who joins shows that the timer has come
    await vi.waitUntil(() => look().listeners === 21);
    await flushed(lane, look, sum, 21 * 19);
    expect(sum).toMatchObject({ joins: 21, resumes: 0 });
    expect(lane.asked).toHaveLength(21);
  });

  it('[P1] a lane that falls silent is given up', async () => {
    const monotonicMs = (): number => performance.now() * 5;
    const { lane } = await aCrowd(truth, 20, { ...realSystem, monotonicMs });
    await vi.waitUntil(() => lane.asked.length >= 40, { timeout: 10_000 });
    expect(new Set(lane.asked.slice(20))).toEqual(new Set([118]));
  });
});
