import { ParterreError, type PublicSpace, type Snapshot } from '@parterre/protocol';
import { SimProcess, ToyMixer, World } from '@parterre/sim';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryClips, MemoryLog, MemoryPlans, MemoryRecordings } from '../adapters/memory/index.ts';
import { silentLog } from '../adapters/system/index.ts';
import type { ProgrammeControl, SpacePlan } from '../ports/programme-control.ts';
import type { VoiceSeat } from '../ports/programme-input.ts';
import { recordsIn } from '../ports/programme-log.sample.ts';
import { endSeqOf, type ProgrammeLog, type ProgrammeRecord } from '../ports/programme-log.ts';
import type { ReplayInfo } from '../ports/recordings.ts';
import { noMeter, Programme } from './index.ts';

const ADA: VoiceSeat = { id: 's1', name: 'Ada', role: 'host', onAir: true, muted: false };
const MINUTE_MS = 60_000;

/** One programme in a world of its own, and what its feed has given. */
class Stage {
  readonly world = new World(() => new Promise((resolve) => setImmediate(resolve)));
  readonly memory = new MemoryLog();
  readonly plans = new MemoryPlans();
  readonly clips = new MemoryClips();
  readonly recordings = new MemoryRecordings();
  readonly records: ProgrammeRecord[] = [];
  readonly states: string[] = [];
  process = new SimProcess(this.world);
  log: ProgrammeLog = this.memory;
  programme!: Programme;
  bootId = 'boot';
  control!: ProgrammeControl;
  limits = { spacesMax: 2, lean: false, idleEndMs: 10 * MINUTE_MS, retentionMs: 60 * MINUTE_MS };

  async open(): Promise<void> {
    this.process = new SimProcess(this.world);
    this.programme = await Programme.open({
      clock: this.world.clock,
      timers: this.process.timers,
      log: silentLog,
      meter: noMeter,
      programmeLog: this.process.log(this.log),
      plans: this.plans,
      recordings: this.recordings,
      clips: this.clips,
      createMixer: async () => new ToyMixer(1),
      bootId: this.bootId,
      ...this.limits,
    });
    this.control = this.programme.openControl();
    const reader = {
      space: (space: PublicSpace) => this.states.push(`${space.id} ${space.state}`),
      removed: (spaceId: string) => this.states.push(`${spaceId} removed`),
      record: (spaceId: string, _rendition: string, record: ProgrammeRecord) => {
        if (spaceId !== 'evening') return;
        const last = this.records.at(-1);
        if (last !== undefined) expect(record.seq).toBe(endSeqOf(last));
        this.records.push(record);
      },
    };
    this.programme.follow(reader, 0);
  }

  plan(
    id: string,
    doorsInMs: number,
    startsInMs: number,
    more: Partial<SpacePlan> = {},
  ): SpacePlan {
    const nowMs = this.world.clock.wallMs();
    return {
      id,
      title: 'An evening',
      host: 'Ada',
      doorsAtMs: nowMs + doorsInMs,
      startsAtMs: nowMs + startsInMs,
      profile: 'near',
      rendition: 'voice',
      holdingSound: true,
      ...more,
    };
  }

  get nextSeq(): number {
    const last = this.records.at(-1);
    return last === undefined ? 0 : endSeqOf(last);
  }

  snapshots(): { seq: number; snapshot: Snapshot }[] {
    return this.records.flatMap((record) =>
      record.kind === 'chunk' && record.snapshot.length > 0
        ? [{ seq: record.seq, snapshot: JSON.parse(Buffer.from(record.snapshot).toString()) }]
        : [],
    );
  }
}

let stage: Stage;
beforeEach(async () => {
  stage = new Stage();
  await stage.open();
});

describe('a plan', () => {
  it('[P3] [P4] is carried out on time with everyone else away', async () => {
    await stage.control.plan(stage.plan('evening', 3_000, 5_000));
    stage.control.close();
    await stage.world.run(2_990);
    expect(stage.states).toEqual(['evening scheduled']);
    await stage.world.run(2_100);
    expect(stage.states).toEqual(['evening scheduled', 'evening doors', 'evening live']);
    const [space] = [...stage.programme.spaces()];
    expect(space!.liveAtMs! - space!.startsAtMs!).toBeLessThan(25);
    await stage.world.run(2_000);
    expect(stage.nextSeq).toBe(20);
  });

  it('without an announced start opens its doors, and starts when asked to, never by itself', async () => {
    const plan = stage.plan('evening', 0, 0, { startsAtMs: null });
    expect((await stage.control.plan(plan)).state).toBe('doors');
    await stage.world.run(9 * MINUTE_MS);
    expect(stage.snapshots().at(-1)!.snapshot).toMatchObject({ state: 'doors', startsAtMs: null });
    stage.process.kill();
    await stage.open();
    expect(stage.states.at(-1)).toBe('evening doors');
    expect((await stage.control.start('evening')).state).toBe('live');
  });

  it('[P4] without a start may get one, and then starts by itself', async () => {
    const plan = stage.plan('evening', 0, 0, { startsAtMs: null });
    await stage.control.plan(plan);
    await stage.world.run(5_000);
    await stage.control.plan({ ...plan, startsAtMs: stage.world.clock.wallMs() + 2_000 });
    await stage.world.run(2_100);
    expect(stage.states.at(-1)).toBe('evening live');
  });

  it('of which the doors opened at another time than planned may change in every state', async () => {
    const plan = stage.plan('evening', 10 * MINUTE_MS, 20 * MINUTE_MS);
    await stage.control.plan(plan);
    await stage.control.openDoors('evening');
    const startsAtMs = stage.world.clock.wallMs() + MINUTE_MS; // before the doors were planned
    const sooner = await stage.control.plan({ ...plan, title: 'Doors', startsAtMs });
    expect(sooner).toMatchObject({ title: 'Doors', startsAtMs });
    const { doorsAtMs } = sooner; // when they opened: all that a new store can know
    expect(doorsAtMs).toBeLessThan(plan.doorsAtMs);
    const known = { ...plan, startsAtMs, doorsAtMs };
    expect(await stage.control.plan({ ...known, host: 'Bo' })).toMatchObject({ host: 'Bo' });
    await expect(stage.control.plan({ ...known, doorsAtMs: 1 })).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await stage.control.start('evening');
    expect(await stage.control.plan({ ...known, profile: 'steady' })).toMatchObject({
      profile: 'steady',
      state: 'live',
    });
  });

  it('of which the doors opened after its start, with everything away, may change', async () => {
    const plan = stage.plan('evening', 3_000, 5_000);
    await stage.control.plan(plan);
    stage.process.kill();
    await stage.world.run(MINUTE_MS);
    await stage.open();
    await stage.world.run(1_000);
    const [space] = [...stage.programme.spaces()];
    expect(space!.doorsAtMs).toBeGreaterThan(space!.startsAtMs!);
    for (const { doorsAtMs } of [plan, space!]) {
      const change = { ...plan, doorsAtMs, holdingSound: false, title: 'Late' };
      expect(await stage.control.plan(change)).toMatchObject({ title: 'Late', state: 'live' });
    }
  });

  it('is taken up by the next process where it was', async () => {
    await stage.control.plan(stage.plan('evening', 3_000, 5_000));
    stage.process.kill();
    await stage.world.run(4_000);
    await stage.open();
    await stage.world.run(2_000);
    expect(stage.states.at(-1)).toBe('evening live');
  });

  it('may be told again, and changed until it has come', async () => {
    const plan = stage.plan('evening', 0, 1_000);
    await stage.control.plan(plan);
    await stage.control.plan(plan);
    await stage.control.plan({ ...plan, title: 'Another evening', holdingSound: false });
    await expect(stage.control.plan({ ...plan, rendition: 'music' })).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await stage.world.run(1_500);
    expect(stage.snapshots().at(-1)!.snapshot).toMatchObject({
      title: 'Another evening',
      state: 'live',
    });
    await stage.control.end('evening');
    await expect(stage.control.plan({ ...plan, title: 'Late' })).rejects.toMatchObject({
      code: 'ended',
    });
  });

  it.each([
    ['id', { id: 'Not An Id' }],
    ['id', { id: 'studio' }],
    ['title', { title: 7 as never }],
    ['startsAtMs', { startsAtMs: 0 }],
    ['startsAtMs', { startsAtMs: Number.POSITIVE_INFINITY }],
    ['startsAtMs', { startsAtMs: undefined as never }],
    ['doorsAtMs', { doorsAtMs: Number.NaN }],
    ['profile', { profile: 'toString' as never }],
    ['rendition', { rendition: 'loud' as never }],
  ])('that has a wrong %s is refused', async (field, wrong) => {
    const plan = { ...stage.plan('evening', 0, 0), ...wrong };
    await expect(stage.control.plan(plan)).rejects.toMatchObject({
      code: 'bad_request',
      detail: `Field "${field}".`,
    });
  });
});

describe('requests', () => {
  it('may be repeated, and are refused where they cannot be', async () => {
    await expect(stage.control.start('nobody')).rejects.toMatchObject({ code: 'unknown_space' });
    await stage.control.plan(stage.plan('evening', MINUTE_MS, MINUTE_MS));
    await expect(stage.control.end('evening')).rejects.toMatchObject({ code: 'not_open' });
    await stage.control.openDoors('evening');
    await stage.control.openDoors('evening');
    expect((await stage.control.start('evening')).state).toBe('live');
    expect((await stage.control.start('evening')).state).toBe('live');
    await expect(stage.control.openDoors('evening')).rejects.toBeInstanceOf(ParterreError);
    expect((await stage.control.end('evening')).state).toBe('ended');
    expect((await stage.control.end('evening')).state).toBe('ended');
    await expect(stage.control.start('evening')).rejects.toMatchObject({ code: 'ended' });
    await stage.control.remove('evening');
    await stage.control.remove('evening');
    expect(stage.states.at(-1)).toBe('evening removed');
    expect(stage.plans.load()).toEqual([]);
  });

  it('are refused with spaces_full beyond as many spaces as allowed', async () => {
    await stage.control.plan(stage.plan('one', 0, MINUTE_MS));
    await stage.control.plan(stage.plan('two', 0, MINUTE_MS));
    await expect(stage.control.plan(stage.plan('three', 0, 0))).rejects.toMatchObject({
      code: 'spaces_full',
    });
    await stage.control.plan(stage.plan('three', 3_000, 4_000));
    await expect(stage.control.openDoors('three')).rejects.toMatchObject({ code: 'spaces_full' });
    await stage.world.run(5_000);
    expect(stage.states.at(-1)).toBe('three scheduled');
    await stage.control.end('one');
    await stage.world.run(2_000);
    expect(stage.states).toContain('three live');
  });
});

describe('the clock', () => {
  beforeEach(async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
  });

  it('[P3] runs though nobody speaks, from sequence 0, ten frames a chunk', async () => {
    await stage.world.run(60_000);
    expect(stage.nextSeq).toBe(300);
    for (const record of stage.records) {
      expect(record).toMatchObject({ kind: 'chunk', epoch: 1 });
      if (record.kind === 'chunk') expect(record.frames).toHaveLength(10);
    }
  });

  it('is not moved by steps of the wall clock', async () => {
    await stage.world.run(2_000);
    stage.world.stepWall(-3_600_000);
    await stage.world.run(2_000);
    stage.world.stepWall(7_200_000);
    await stage.world.run(2_000);
    expect(stage.nextSeq).toBe(30);
    const [first] = stage.records;
    for (const { seq, capturedAtMs } of stage.records) {
      expect(capturedAtMs).toBe(first!.capturedAtMs + seq * 200);
    }
  });

  it('[P3] goes on beyond what may have been handed out when power and wall clock were lost', async () => {
    await stage.world.run(10_500);
    const handedOut = stage.nextSeq;
    stage.process.kill();
    stage.memory.losePower();
    stage.bootId = 'another boot';
    stage.world.stepWall(-MINUTE_MS);
    stage.records.length = 0;
    await stage.open();
    await stage.world.run(2_000);
    expect(stage.records[0]!.seq).toBeGreaterThanOrEqual(handedOut);
    expect(stage.records[0]!.seq).toBeLessThan(handedOut + 30);
    expect(stage.records).toHaveLength(10);
  });

  it('[P3] goes on when what was written before cannot be read', async () => {
    await stage.control.plan(stage.plan('matinee', 0, 0));
    await stage.world.run(2_000);
    await stage.control.end('matinee');
    stage.process.kill();
    const { memory } = stage;
    const cannot = async (): Promise<never> => {
      throw new Error('EIO');
    };
    stage.log = {
      openWriter: (...of) => memory.openWriter(...of),
      // biome-ignore lint/correctness/useYield: it fails before
      async *read() {
        await cannot();
      },
      extent: cannot,
      remove: cannot,
    };
    stage.records.length = 0;
    await stage.open();
    await stage.world.run(1_000);
    expect(stage.nextSeq).toBe(15);
  });

  it('[P3] makes up for being held up, and gives up what is hopelessly late as one hole', async () => {
    await stage.world.run(2_000);
    stage.world.stall(4_000);
    await stage.world.run(1_000);
    expect(stage.nextSeq).toBe(35);
    expect(stage.records.every(({ kind }) => kind === 'chunk')).toBe(true);
    stage.world.stall(30_000);
    await stage.world.run(1_000);
    expect(stage.nextSeq).toBe(190);
    expect(stage.records.filter(({ kind }) => kind === 'hole')).toMatchObject([
      { seq: 35, endSeq: 185 },
    ]);
  });

  it('ends by itself with open doors and no announced start when nobody came on stage for long', async () => {
    await stage.control.plan(stage.plan('forgotten', 0, 0, { startsAtMs: null }));
    await stage.world.run(9 * MINUTE_MS);
    expect(stage.states.at(-1)).not.toBe('forgotten ended');
    await stage.world.run(MINUTE_MS + 1_000);
    expect(stage.states).toContain('forgotten ended');
  });

  it('waits for an announced start however long, and counts from there', async () => {
    await stage.control.plan(stage.plan('early', 0, 12 * MINUTE_MS));
    await stage.world.run(21 * MINUTE_MS);
    expect(stage.states).toContain('early live');
    expect(stage.states).not.toContain('early ended');
    await stage.world.run(MINUTE_MS + 1_000);
    expect(stage.states).toContain('early ended');
  });

  it('ends by itself when nobody was on stage for long', async () => {
    stage.programme.openInput().seats('evening', [ADA]);
    await stage.world.run(11 * MINUTE_MS);
    expect(stage.states.at(-1)).toBe('evening live');
    stage.programme.openInput().seats('evening', []);
    await stage.world.run(10 * MINUTE_MS + 1_000);
    expect(stage.states).toContain('evening ended');
  });
});

describe('snapshots', () => {
  it('come once a second, and with the next chunk when something changes', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(5_100);
    const quiet = stage.snapshots().map(({ seq }) => seq);
    expect(quiet.slice(-3).map((seq) => seq - quiet.at(-3)!)).toEqual([0, 5, 10]);
    const before = stage.nextSeq;
    const input = stage.programme.openInput();
    input.seats('evening', [ADA, { ...ADA, id: 's2', name: 'Grace', onAir: false }]);
    await stage.world.run(250);
    const { seq, snapshot } = stage.snapshots().at(-1)!;
    expect(seq).toBe(before);
    expect(snapshot.seats).toEqual([{ id: 's1', name: 'Ada', muted: false, speaking: false }]);
    expect(snapshot.holding).toBe(true);
    input.frame('evening', 's1', 1, 1, 960, Uint8Array.of(0x78));
    await stage.world.run(400);
    expect(stage.snapshots().at(-1)!.snapshot).toMatchObject({
      holding: false,
      seats: [{ speaking: true }],
    });
  });

  it('tell the epoch of the log, which goes on with each process', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(1_000);
    expect(stage.snapshots().at(-1)!.snapshot.epoch).toBe(1);
    stage.process.kill();
    stage.records.length = 0;
    await stage.open();
    await stage.world.run(1_000);
    expect(stage.snapshots().at(-1)!.snapshot.epoch).toBe(2);
  });

  it('tell the end with the last chunk', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(1_130);
    await stage.control.end('evening');
    expect(stage.snapshots().at(-1)).toMatchObject({
      seq: stage.nextSeq - 1,
      snapshot: { state: 'ended' },
    });
  });
});

describe('the ring of the feed', () => {
  it('is kept for a space that was removed and made anew', async () => {
    await stage.control.plan(stage.plan('matinee', 0, 0));
    await stage.world.run(1_000);
    await stage.control.end('matinee');
    await stage.control.remove('matinee');
    await stage.control.plan(stage.plan('matinee', 0, 0));
    await stage.world.run(125_000);
    expect(stage.programme.figures().ringRecords).toBe(600);
  });
});

describe('the roster', () => {
  it('outlives a stage that restarts, and goes when none comes back', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    const seats = (): number => stage.snapshots().at(-1)!.snapshot.seats.length;
    const first = stage.programme.openInput();
    first.seats('evening', [ADA]);
    await stage.world.run(2_000);
    first.close();
    await stage.world.run(3_000);
    expect(seats()).toBe(1);
    const second = stage.programme.openInput();
    second.seats('evening', [ADA]);
    await stage.world.run(20_000);
    expect(seats()).toBe(1);
    second.close();
    await stage.world.run(20_000);
    expect(seats()).toBe(0);
  });
});

describe('the recording', () => {
  it('[P7] begins at live, says who spoke when, and goes when its time has come', async () => {
    await stage.control.plan(stage.plan('evening', 0, 4_000));
    const input = stage.programme.openInput();
    input.seats('evening', [ADA]);
    await stage.world.run(6_000);
    for (let packet = 0; packet < 100; packet++) {
      input.frame('evening', 's1', 1, packet, packet * 960, Uint8Array.of(0x78));
      await stage.world.run(20);
    }
    await stage.world.run(6_000);
    await stage.control.end('evening');
    await stage.world.run(1_000);
    const json = stage.recordings.files.get('evening/replay.json')!;
    const info = JSON.parse(Buffer.from(json).toString()) as ReplayInfo;
    expect(info.durationMs).toBe((stage.nextSeq - 20) * 200);
    expect(info.peaks).toHaveLength(info.durationMs / info.peakEveryMs);
    expect(info.turns).toHaveLength(1);
    expect(info.turns[0]!.name).toBe('Ada');
    expect(Math.abs(info.turns[0]!.fromMs - 2_000)).toBeLessThan(500);
    expect([...stage.programme.spaces()][0]!.replayReady).toBe(true);
    await stage.world.run(190 * MINUTE_MS);
    expect([...stage.recordings.files.keys()]).toEqual([]);
    expect(await stage.memory.extent('evening', 'voice')).toBeNull();
    expect([...stage.programme.spaces()][0]).toMatchObject({ state: 'ended', replayReady: false });
  });

  it('[P7] outlives a wall clock that is years ahead for a while', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(3_000);
    await stage.control.end('evening');
    await stage.world.run(30 * MINUTE_MS);
    stage.world.stepWall(100_000 * MINUTE_MS);
    stage.process.kill();
    await stage.open();
    await stage.world.run(40 * MINUTE_MS);
    stage.world.stepWall(-100_000 * MINUTE_MS);
    await stage.world.run(10 * MINUTE_MS);
    expect(stage.recordings.files.size).toBe(3);
    expect([...stage.programme.spaces()][0]!.replayReady).toBe(true);
  });

  it('[P7] is finished by the next process when the one that ended the space was killed', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(3_000);
    await stage.control.end('evening');
    stage.process.kill();
    expect(stage.recordings.files.size).toBe(0);
    await stage.open();
    await stage.world.run(1_000);
    expect(stage.recordings.files.size).toBe(3);
    expect([...stage.programme.spaces()][0]!.replayReady).toBe(true);
  });

  it('is none of a space that never was live', async () => {
    await stage.control.plan(stage.plan('evening', 0, MINUTE_MS));
    await stage.world.run(1_000);
    await stage.control.end('evening');
    await stage.world.run(1_000);
    expect(stage.recordings.files.size).toBe(0);
    await stage.world.run(190 * MINUTE_MS);
    expect(await stage.memory.extent('evening', 'voice')).toBeNull();
  });
});

describe('a full disk', () => {
  let full: boolean;
  beforeEach(async () => {
    full = false;
    stage = new Stage();
    const { memory } = stage;
    const refuse = (): void => {
      if (full) throw new ParterreError('disk_full', 'ENOSPC');
    };
    stage.log = {
      openWriter: async (...of) => {
        refuse();
        const writer = await memory.openWriter(...of);
        return {
          epoch: writer.epoch,
          get nextSeq() {
            return writer.nextSeq;
          },
          append: (record) => {
            refuse();
            writer.append(record);
          },
          sync: () => writer.sync(),
          close: () => writer.close(),
        };
      },
      read: (...of) => memory.read(...of),
      extent: (...of) => memory.extent(...of),
      remove: (...of) => memory.remove(...of),
    };
    await stage.open();
  });
  const kept = (): Promise<ProgrammeRecord[]> =>
    recordsIn(stage.memory.read('evening', 'voice', 0, Number.MAX_SAFE_INTEGER));

  it('[P3] [P7] stops no programme, and what the ring still has is kept afterwards', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(10_000);
    full = true;
    await stage.world.run(60_000);
    expect(stage.nextSeq).toBe(350);
    expect(stage.programme.figures().waiting).toBeGreaterThan(250);
    full = false;
    await stage.world.run(20_000);
    expect((await kept()).map(({ kind, seq }) => [kind, seq])).toEqual(
      stage.records.map(({ kind, seq }) => [kind, seq]),
    );
  });

  it('[P7] that has room again a moment before the end has everything to the end', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(10_000);
    full = true;
    await stage.world.run(30_000);
    full = false;
    await stage.control.end('evening');
    const records = await kept();
    expect(records.every(({ kind }) => kind === 'chunk')).toBe(true);
    expect(endSeqOf(records.at(-1)!)).toBe(stage.nextSeq);
  });

  it('[P7] is a hole in the recording where it lasted longer, and only there', async () => {
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(10_000);
    full = true;
    await stage.world.run(300_000);
    full = false;
    await stage.world.run(20_000);
    const records = await kept();
    expect(records.filter(({ kind }) => kind === 'hole')).toHaveLength(1);
    for (let index = 1; index < records.length; index++) {
      expect(records[index]!.seq).toBe(endSeqOf(records[index - 1]!));
    }
    expect(endSeqOf(records.at(-1)!)).toBe(stage.nextSeq);
    expect(stage.records.every(({ kind }) => kind === 'chunk')).toBe(true);
  });

  it('[P3] keeps no space from opening', async () => {
    full = true;
    await stage.control.plan(stage.plan('evening', 0, 0));
    await stage.world.run(4_000);
    expect(stage.nextSeq).toBe(20);
    full = false;
    await stage.world.run(10_000);
    expect((await kept()).map(({ kind, seq }) => [kind, seq])).toEqual(
      stage.records.map(({ seq }) => ['chunk', seq]),
    );
  });
});
