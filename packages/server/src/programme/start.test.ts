import { CHUNK_MS, FRAME_MS, type PublicSpace, type Snapshot } from '@parterre/protocol';
import { SeededRandom, SimProcess, ToyMixer, World } from '@parterre/sim';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryClips, MemoryLog, MemoryPlans, MemoryRecordings } from '../adapters/memory/index.ts';
import { silentLog } from '../adapters/system/index.ts';
import type { SpacePlan } from '../ports/programme-control.ts';
import type { ProgrammeRecord } from '../ports/programme-log.ts';
import { noMeter, Programme } from './index.ts';

const MINUTE_MS = 60_000;
/** What is promised between the announced start and the first sample on air, ms. */
const DRIFT_MS_MAX = 50;

/** A programme in a world of its own; what it hands out is all that is looked at. */
class Evening {
  readonly world = new World(() => new Promise((resolve) => setImmediate(resolve)));
  readonly memory = new MemoryLog();
  readonly plans = new MemoryPlans();
  readonly clips = new MemoryClips();
  readonly records: ProgrammeRecord[] = [];
  readonly drifts: number[] = [];
  process = new SimProcess(this.world);
  programme!: Programme;
  /** What the mixer was told to play, and how many chunks had been handed out by then. */
  readonly played: { frame: number; samples: number; chunks: number }[] = [];
  /** Opening a space takes this long, as where WebAssembly is compiled. */
  openingMs = 0;
  space: PublicSpace | null = null;

  async open(): Promise<void> {
    this.process = new SimProcess(this.world);
    const { world, process } = this;
    this.programme = await Programme.open({
      clock: world.clock,
      timers: process.timers,
      log: silentLog,
      meter: { ...noMeter, startDrift: (driftMs) => this.drifts.push(driftMs) },
      programmeLog: process.log(this.memory),
      plans: this.plans,
      recordings: new MemoryRecordings(),
      clips: this.clips,
      createMixer: async () => {
        if (this.openingMs > 0) {
          await new Promise<void>((resolve) => process.timers.after(this.openingMs, resolve));
        }
        return Object.assign(new ToyMixer(1), {
          playClip: (pcm: Int16Array | null, frame = 0) => {
            this.played.push({ frame, samples: pcm?.length ?? 0, chunks: this.records.length });
          },
        });
      },
      bootId: 'boot',
      spacesMax: 2,
      lean: false,
      idleEndMs: 10 * MINUTE_MS,
      retentionMs: 0,
    });
    this.programme.follow(
      {
        space: (space) => {
          this.space = space;
        },
        removed: () => {},
        record: (_spaceId, _rendition, record) => this.records.push(record),
      },
      0,
    );
  }

  plan(startsInMs: number, doorsBeforeMs: number): SpacePlan {
    const startsAtMs = this.world.clock.wallMs() + startsInMs;
    return {
      id: 'evening',
      title: 'An evening',
      host: '',
      doorsAtMs: Math.max(this.world.clock.wallMs(), startsAtMs - doorsBeforeMs),
      startsAtMs,
      profile: 'near',
      rendition: 'voice',
      holdingSound: true,
    };
  }

  /** Nobody asks anything from here on: the api is away and no host comes. */
  async announce(plan: SpacePlan): Promise<void> {
    const control = this.programme.openControl();
    await control.plan(plan);
    control.close();
  }

  /** As a listener reads it: the first snapshot that says live, and where it stands on the clock. */
  get onAir(): { readonly liveAtMs: number; readonly chunkAtMs: number } | null {
    for (const record of this.records) {
      if (record.kind === 'hole' || record.snapshot.length === 0) continue;
      const { state, liveAtMs } = JSON.parse(Buffer.from(record.snapshot).toString()) as Snapshot;
      if (state === 'live') return { liveAtMs: liveAtMs!, chunkAtMs: record.capturedAtMs };
    }
    return null;
  }

  driftMs(plan: SpacePlan): number {
    const { onAir } = this;
    if (onAir === null) throw new Error('It never was on air.');
    expect(onAir.liveAtMs).toBeGreaterThanOrEqual(onAir.chunkAtMs);
    expect(onAir.liveAtMs).toBeLessThan(onAir.chunkAtMs + CHUNK_MS);
    expect(this.space).toMatchObject({ liveAtMs: onAir.liveAtMs, state: 'live' });
    const driftMs = onAir.liveAtMs - plan.startsAtMs!;
    expect(this.space!.startDriftMs).toBe(driftMs);
    return driftMs;
  }
}

let evening: Evening;
beforeEach(async () => {
  evening = new Evening();
  await evening.open();
});

describe('an opening clip', () => {
  const pcm = new Int16Array(5 * 48_000).fill(1_000);
  const withClip = async (startsInMs: number): Promise<SpacePlan> => ({
    ...evening.plan(startsInMs, 5_000),
    clip: await evening.clips.save('evening', pcm, 1),
  });

  it('[P4] begins with the first live frame, nobody present, in each of 20', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed);
      evening = new Evening();
      await evening.open();
      const plan = await withClip(random.between(6_000, 9_000));
      await evening.announce(plan);
      const untilMs = plan.startsAtMs! - evening.world.clock.wallMs();
      await evening.world.run(untilMs - random.between(1, 150));
      if (random.chance(0.5)) evening.world.stall(random.between(1, 900));
      await evening.world.run(1_000);
      expect(evening.driftMs(plan)).toBe(0);
      // At its first sample, between the last chunk that is not live and the first that is.
      const liveAt = evening.records.findIndex(
        (record) => record.kind === 'chunk' && record.capturedAtMs === evening.onAir!.chunkAtMs,
      );
      expect(evening.played).toEqual([{ frame: 0, samples: pcm.length, chunks: liveAt }]);
    }
  });

  it('[P3] [P4] goes on where the clock says in a process that takes over, and is over when it is', async () => {
    const plan = await withClip(6_000);
    await evening.announce(plan);
    await evening.world.run(8_000);
    evening.process.kill();
    await evening.open();
    await evening.world.run(100);
    const [, resumed] = evening.played;
    expect(resumed!.samples).toBe(pcm.length);
    expect(resumed!.frame).toBeGreaterThanOrEqual(99);
    expect(resumed!.frame).toBeLessThanOrEqual(110);
    await evening.world.run(5_000);
    evening.process.kill();
    await evening.open();
    await evening.world.run(1_000);
    expect(evening.played).toHaveLength(2);
  });

  it('[P4] of a process killed at T − 1 s is played whole by the next one', async () => {
    const plan = await withClip(6_000);
    await evening.announce(plan);
    await evening.world.run(5_000);
    evening.process.kill();
    await evening.world.run(2_000);
    await evening.open();
    await evening.world.run(500);
    expect(evening.played).toEqual([expect.objectContaining({ frame: 0, samples: pcm.length })]);
  });

  it('may be replaced and taken away until the start, and not after', async () => {
    const plan = await withClip(6_000);
    await evening.announce(plan);
    await evening.world.run(5_000);
    const other = await evening.clips.save('evening', new Int16Array(48_000).fill(7), 1);
    await evening.announce({ ...plan, clip: other });
    await evening.world.run(1_500);
    expect(evening.played).toMatchObject([{ frame: 0, samples: 48_000 }]);
    await expect(evening.announce(plan)).rejects.toMatchObject({ code: 'wrong_state' });
    await expect(evening.announce({ ...plan, clip: null })).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await evening.announce({ ...plan, clip: other, title: 'Another title' });
  });

  it('[P3] [P4] that is damaged or gone costs nothing but itself', async () => {
    const plan = await withClip(6_000);
    evening.clips.clips.clear();
    await evening.announce(plan);
    await evening.world.run(8_000);
    expect(evening.driftMs(plan)).toBe(0);
    expect(evening.played).toEqual([]);
  });

  it.each([
    ['no hash', { hash: '../../etc/passwd', samples: 1, channels: 1 }],
    ['no samples', { hash: 'a'.repeat(64), samples: 0, channels: 1 }],
    ['too many', { hash: 'a'.repeat(64), samples: 120 * 48_000 + 1, channels: 1 }],
    ['three channels', { hash: 'a'.repeat(64), samples: 1, channels: 3 }],
  ])('with %s is refused, and the plan stays', async (_what, clip) => {
    const plan = evening.plan(6_000, 5_000);
    await evening.announce(plan);
    const bad = evening.announce({ ...plan, clip: clip as SpacePlan['clip'] & object });
    await expect(bad).rejects.toMatchObject({ code: 'bad_request', detail: 'Field "clip".' });
  });
});

describe('a scheduled start', () => {
  it('[P4] is on the second in each of 50, nobody present: begun at any time, a busy process, a slow opening', async () => {
    const drifts: number[] = [];
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      evening = new Evening();
      await evening.open();
      evening.openingMs = random.between(0, 1_500);
      await evening.world.run(random.between(0, 3_000));
      const doorsBeforeMs = random.between(0, 4) * 1_000;
      const plan = evening.plan(random.between(4_000, 9_000), doorsBeforeMs);
      await evening.announce(plan);
      const untilMs = plan.startsAtMs! - evening.world.clock.wallMs();
      await evening.world.run(untilMs - random.between(1, 150));
      // Somebody else has the processor while the start comes.
      if (random.chance(0.5)) evening.world.stall(random.between(1, 900));
      await evening.world.run(1_000);
      drifts.push(evening.driftMs(plan));
    }
    expect(drifts).toHaveLength(50);
    expect(Math.min(...drifts)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drifts)).toBeLessThan(DRIFT_MS_MAX);
  }, 120_000);

  it('[P4] is the first sample of a chunk, so that the recording begins with it', async () => {
    const plan = evening.plan(7_777, 5_000);
    await evening.announce(plan);
    await evening.world.run(9_000);
    expect(evening.driftMs(plan)).toBe(0);
    expect(evening.onAir!.chunkAtMs).toBe(plan.startsAtMs);
    expect(evening.drifts).toEqual([0]);
  });

  it('[P4] that is moved at the last second is kept, to the frame', async () => {
    const plan = evening.plan(10_000, 5_000);
    await evening.announce(plan);
    await evening.world.run(9_990);
    const later = { ...plan, startsAtMs: plan.startsAtMs! + 1_234 };
    await evening.announce(later);
    await evening.world.run(1_000);
    expect(evening.onAir).toBeNull();
    const sooner = { ...later, startsAtMs: evening.world.clock.wallMs() + 30 };
    await evening.announce(sooner);
    await evening.world.run(1_000);
    expect(evening.driftMs(sooner)).toBeLessThan(FRAME_MS);
  });

  it('[P4] goes by the wall clock as it stands at the start, when that was set right after the doors', async () => {
    for (const byMs of [-3_000, 4_000]) {
      evening = new Evening();
      await evening.open();
      const plan = evening.plan(20_000, 10_000);
      await evening.announce(plan);
      await evening.world.run(12_000);
      evening.world.stepWall(byMs);
      await evening.world.run(8_000 - byMs - 500);
      expect(evening.onAir).toBeNull();
      await evening.world.run(1_000);
      expect(Math.abs(evening.space!.startDriftMs!)).toBeLessThan(FRAME_MS);
    }
  });

  it('[P4] is told as late as it was when the programme was away at that second', async () => {
    const plan = evening.plan(10_000, 5_000);
    await evening.announce(plan);
    await evening.world.run(9_900);
    evening.process.kill();
    await evening.world.run(400);
    await evening.open();
    await evening.world.run(1_000);
    const { startDriftMs } = evening.space!;
    expect(startDriftMs).toBeGreaterThan(100);
    expect(startDriftMs).toBeLessThanOrEqual(400);
  });

  it('[P4] stays where it was for a programme that was killed before it could keep it', async () => {
    const plan = evening.plan(10_000, 5_000);
    await evening.announce(plan);
    const keep = evening.plans.save.bind(evening.plans);
    await evening.world.run(9_000);
    evening.plans.save = () => new Promise(() => {});
    await evening.world.run(1_500);
    evening.process.kill();
    evening.plans.save = keep;
    expect(evening.plans.load()[0]!.state).toBe('doors');
    await evening.open();
    await evening.world.run(1_000);
    expect(evening.space).toMatchObject({ state: 'live', startDriftMs: 0 });
    expect(evening.plans.load()[0]).toMatchObject({ state: 'live', liveSeq: 25 });
  });

  it('by the host before its time is told as early', async () => {
    const plan = evening.plan(10_000, 5_000);
    await evening.announce(plan);
    await evening.world.run(6_000);
    await evening.programme.start('evening');
    expect(evening.space!.startDriftMs).toBeLessThanOrEqual(-3_960);
    expect(evening.drifts).toEqual([]);
  });
});

describe('a space that is given up', () => {
  const successor = (plan: SpacePlan, more: Partial<SpacePlan> = {}): SpacePlan => ({
    ...plan,
    id: 'second',
    doorsAtMs: evening.world.clock.wallMs() + MINUTE_MS,
    startsAtMs: null,
    ...more,
  });

  it('[P3] names its successor in its last chunk, which is on air in its state by then', async () => {
    const plan = evening.plan(0, 0);
    await evening.announce(plan);
    await evening.announce(successor(plan));
    await evening.world.run(2_000);
    const told: string[] = [];
    const reader = {
      space: ({ id, state }: PublicSpace) => void told.push(`${id} ${state}`),
      removed: () => {},
      record: () => {},
    };
    evening.programme.follow(reader, 0);
    told.length = 0;
    const relaunched = evening.programme.relaunch('evening', 'second');
    await evening.world.run(1_000);
    const given = await relaunched;
    expect(given).toMatchObject({ state: 'ended', successor: 'second' });
    expect(told.slice(0, 3)).toEqual(['second doors', 'second live', 'evening ended']);
    const snapshots = evening.records.flatMap((record) =>
      record.kind === 'chunk' ? [Buffer.from(record.snapshot).toString()] : [],
    );
    const last = snapshots.findLast((snapshot) => snapshot.includes('ended'));
    expect(JSON.parse(last ?? 'null')).toMatchObject({ state: 'ended', successor: 'second' });
    const { endedAtMs } = given;
    expect(await evening.programme.relaunch('evening', 'second')).toMatchObject({
      successor: 'second',
      endedAtMs,
    });
  });

  it('gives up one of two that name each other, and names no successor but the one it has', async () => {
    const plan = evening.plan(0, 0);
    await evening.announce(plan);
    await evening.announce(successor(plan));
    await evening.world.run(2_000);
    const { programme } = evening;
    const both = Promise.allSettled([
      programme.relaunch('evening', 'second'),
      programme.relaunch('second', 'evening'),
    ]);
    await evening.world.run(2_000);
    expect((await both).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await evening.announce({ ...successor(plan), id: 'third' });
    await expect(programme.relaunch('evening', 'third')).rejects.toMatchObject({ code: 'ended' });
  });

  it('tells meanwhile who is connected to its stage, on air and in the green room', async () => {
    await evening.announce(evening.plan(MINUTE_MS, MINUTE_MS));
    expect(await evening.programme.attendance('evening')).toEqual([]);
    evening.programme.openInput().seats('evening', [
      { id: 's1', name: 'Ada', role: 'host', onAir: true, muted: false },
      { id: 's2', name: 'Ben', role: 'cohost', onAir: false, muted: false },
    ]);
    expect(await evening.programme.attendance('evening')).toEqual([
      { role: 'host', onAir: true },
      { role: 'cohost', onAir: false },
    ]);
    await expect(evening.programme.attendance('nobody')).rejects.toMatchObject({
      code: 'unknown_space',
    });
  });

  it('is refused to itself, to one that is over, to another rendition, and before its doors', async () => {
    const plan = evening.plan(MINUTE_MS, 10_000);
    await evening.announce(plan);
    await evening.announce(successor(plan, { rendition: 'music' }));
    const { programme } = evening;
    for (const id of ['evening', 'second']) {
      await expect(programme.relaunch('evening', id)).rejects.toMatchObject({
        code: 'bad_request',
      });
    }
    await expect(programme.relaunch('evening', 'nobody')).rejects.toMatchObject({
      code: 'unknown_space',
    });
    await programme.remove('second');
    await evening.announce(successor(plan));
    await expect(programme.relaunch('evening', 'second')).rejects.toMatchObject({
      code: 'not_open',
    });
    await programme.openDoors('second');
    await programme.end('second');
    await expect(programme.relaunch('evening', 'second')).rejects.toMatchObject({ code: 'ended' });
  });
});
