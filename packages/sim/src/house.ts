/**
 * A whole house on one thread: a programme that is killed and restarted, readers that lose their
 * connections, a stage whose packets are lost, wall clocks that step, machines that lose power. After
 * every event the rules hold, or `Broken` says which did not; the same seed gives the same trace.
 */
import { CHUNK_MS } from '@parterre/protocol';
import type { Log } from '../../server/src/ports/log.ts';
import type { PlanStore } from '../../server/src/ports/plan-store.ts';
import type { ProgrammeInput } from '../../server/src/ports/programme-input.ts';
import { endSeqOf, type ProgrammeLog } from '../../server/src/ports/programme-log.ts';
import type { RecordingStore } from '../../server/src/ports/recordings.ts';
import { noMeter, Programme } from '../../server/src/programme/index.ts';
import { Link } from './network.ts';
import { SimProcess } from './process.ts';
import { SeededRandom } from './random.ts';
import { Broken, Contents, ToyMixer, ToyReader } from './toy.ts';
import { World } from './world.ts';

const SPACE = 'evening';
const SEAT = { id: 'seat-1', name: 'Ada', role: 'host', onAir: true, muted: false } as const;
/** Longest a running programme may be behind its clock without having been stalled, ms. */
const BEHIND_MS_MAX = 1_000;

export interface Outcome {
  readonly trace: readonly string[];
  readonly interruptions: number;
  readonly records: number;
  readonly missed: number;
  readonly holes: number;
  readonly files: readonly string[];
}

/** What the house stands on: disks in memory, and the host's way to let promises settle. */
export interface Ground {
  readonly log: ProgrammeLog & {
    /** The sequence the next record begins with; 0 when nothing was ever appended. */
    nextSeq(spaceId: string, rendition: string): number;
    /** Forgets what was not synced. */
    losePower(): void;
  };
  readonly plans: PlanStore;
  readonly recordings: RecordingStore & { readonly files: ReadonlyMap<string, unknown> };
  readonly settled: () => Promise<void>;
}

export interface Sabotage {
  /** The disk says that it has synced and has not, and with the power the wall clock loses a minute. */
  readonly diskLies: boolean;
}

/**
 * Simulates `forMs` of one space under every trouble the seed chooses.
 * @param sabotage a fault put in on purpose, to show that the rules find it
 * @throws Broken
 */
export async function simulateHouse(
  seed: number,
  forMs: number,
  ground: Ground,
  sabotage: Sabotage = { diskLies: false },
): Promise<Outcome> {
  const house = new House(seed, ground, sabotage);
  await house.open();
  await house.run(forMs);
  return house.end();
}

class House {
  private readonly world: World;
  private readonly sabotage: Sabotage;
  private readonly random: SeededRandom;
  private readonly log: Ground['log'];
  private readonly plans: PlanStore;
  private readonly recordings: Ground['recordings'];
  private readonly contents = new Contents();
  private readonly readers: ToyReader[] = [];
  private readonly stage: Link;
  private process: SimProcess | null = null;
  private programme: Programme | null = null;
  private input: ProgrammeInput | null = null;
  private boot = 1;
  private incarnation = 0;
  private crashes = 0;
  private stalls = 0;
  private upSinceMs = 0;
  private packet = 0;
  /** No more trouble. */
  private calm = false;

  constructor(seed: number, ground: Ground, sabotage: Sabotage) {
    this.sabotage = sabotage;
    this.world = new World(ground.settled);
    this.log = ground.log;
    this.plans = ground.plans;
    this.recordings = ground.recordings;
    this.random = new SeededRandom(seed);
    const { world, random, contents } = this;
    this.stage = new Link(world, random, {
      delayMsMin: 5,
      delayMsMax: 80,
      loss: 0.05,
      doubled: 0.02,
    });
    for (let index = 0; index < 3; index++) {
      const link = new Link(world, random, { delayMsMin: 0, delayMsMax: 30, loss: 0, doubled: 0 });
      this.readers.push(
        new ToyReader(`reader ${index}`, world, link, contents, () => this.programme),
      );
    }
  }

  async open(): Promise<void> {
    await this.begin();
    const startsAtMs = this.world.clock.wallMs() + 2_000;
    const control = this.programme!.openControl();
    await control.plan({
      id: SPACE,
      title: 'An evening',
      host: 'Ada',
      doorsAtMs: startsAtMs - 1_500,
      startsAtMs,
      profile: 'near',
      rendition: 'voice',
      holdingSound: true,
    });
    control.close();
    this.world.timers.every(20, () => this.speak());
    this.plotTrouble();
  }

  run(forMs: number): Promise<void> {
    return this.world.run(forMs, () => this.check());
  }

  async end(): Promise<Outcome> {
    this.calm = true;
    for (const _attempt of Array(100)) if (this.programme === null) await this.run(100);
    await this.run(500);
    if (this.programme === null) throw new Broken('the programme did not come back');
    await this.programme.end(SPACE);
    if (this.random.chance(0.5)) this.crash(false); // whoever was behind still gets the end
    await this.world.run(20_000);
    const { nextSeq } = (await this.log.extent(SPACE, 'voice'))!;
    for (const reader of this.readers) {
      if (reader.nextSeq(SPACE) !== nextSeq) {
        throw new Broken(`a reader has ${reader.nextSeq(SPACE)} of ${nextSeq}`);
      }
    }
    const holes = await this.checkLog();
    const sum = (of: (reader: ToyReader) => number): number =>
      this.readers.reduce((total, reader) => total + of(reader), 0);
    return {
      trace: this.world.trace,
      interruptions: this.crashes + this.stalls,
      records: sum(({ records }) => records),
      missed: sum(({ missed }) => missed),
      holes,
      files: [...this.recordings.files.keys()].sort(),
    };
  }

  private async begin(): Promise<void> {
    const process = new SimProcess(this.world);
    this.process = process;
    const incarnation = ++this.incarnation;
    const programme = await Programme.open({
      clock: this.world.clock,
      timers: process.timers,
      log: quiet,
      meter: noMeter,
      programmeLog: this.sabotage.diskLies ? lying(process.log(this.log)) : process.log(this.log),
      plans: this.plans,
      recordings: this.recordings,
      clips: { read: () => Promise.reject(new Error('none')), prune: async () => {} },
      createMixer: async () => new ToyMixer(incarnation),
      bootId: `boot-${this.boot}`,
      spacesMax: 4,
      lean: false,
      idleEndMs: 3_600_000,
      retentionMs: 0,
    });
    if (!process.alive) return;
    this.programme = programme;
    this.upSinceMs = this.world.clock.monotonicMs();
    this.input = programme.openInput();
    this.input.seats(SPACE, [SEAT]);
    this.world.note(`programme ${incarnation} is on`);
  }

  private speak(): void {
    const sequence = this.packet++ & 0xffff;
    const timestamp = (this.packet * 960) >>> 0;
    this.stage.datagram(() =>
      this.input?.frame(SPACE, SEAT.id, 7, sequence, timestamp, Uint8Array.of(0x78)),
    );
  }

  /** The next trouble comes some seconds from now, then the one after it. */
  private plotTrouble(): void {
    const { random, world } = this;
    world.timers.after(random.between(300, 6_000), () => {
      if (this.calm) return;
      const troubles = [
        () => this.crash(false),
        () => this.crash(false),
        () => this.crash(true),
        () => this.cutReader(),
        () => this.cutReader(),
        () => this.stallAll(),
        () => this.stepWall(),
        () => this.partStage(),
      ];
      troubles[random.between(0, troubles.length - 1)]!();
      this.plotTrouble();
    });
  }

  private crash(power: boolean): void {
    if (this.programme === null) return;
    this.world.note(power ? 'power is lost' : 'programme is killed');
    this.crashes++;
    this.process!.kill();
    this.programme = null;
    this.input = null;
    if (power) {
      this.boot++;
      this.log.losePower();
      if (this.sabotage.diskLies) this.world.stepWall(-60_000);
    }
    const awayMs = this.random.between(power ? 2_000 : 20, power ? 9_000 : 1_500);
    this.world.timers.after(awayMs, () => void this.begin());
  }

  private cutReader(): void {
    const index = this.random.between(0, this.readers.length - 1);
    this.world.note(`reader ${index} is cut`);
    this.readers[index]!.cut();
  }

  private stallAll(): void {
    const forMs = this.random.between(50, 9_000);
    this.world.note(`everything stands still for ${forMs} ms`);
    this.stalls++;
    this.world.stall(forMs);
    this.upSinceMs = this.world.clock.monotonicMs();
  }

  private stepWall(): void {
    // Back only while live: before the start it would put that off beyond the simulation.
    const live = this.plans.load()[0]?.state === 'live';
    const byMs = this.random.between(live ? -120_000 : 1, 120_000);
    this.world.note(`the wall clock steps ${byMs} ms`);
    this.world.stepWall(byMs);
  }

  private partStage(): void {
    this.stage.part(true);
    this.world.timers.after(this.random.between(100, 5_000), () => this.stage.part(false));
  }

  /** The clock runs: a programme that is up is never far behind, and never ahead. */
  private check(): void {
    const kept = this.plans.load()[0];
    if (this.programme === null || kept?.anchorMonotonicMs == null || kept.state === 'ended')
      return;
    const nowMs = this.world.clock.monotonicMs();
    if (nowMs - this.upSinceMs < BEHIND_MS_MAX) return;
    const dueSeq = Math.floor((nowMs - kept.anchorMonotonicMs) / CHUNK_MS);
    const nextSeq = this.log.nextSeq(SPACE, 'voice');
    if (nextSeq > dueSeq) throw new Broken(`${nextSeq} was written before ${dueSeq} was due`);
    if ((dueSeq - nextSeq) * CHUNK_MS > BEHIND_MS_MAX) {
      throw new Broken(`the clock stands at ${nextSeq} while ${dueSeq} is due`);
    }
  }

  /** The log is one line from 0, its anchor never moves, and each hole is exactly what is missing. */
  private async checkLog(): Promise<number> {
    let next = 0;
    let holes = 0;
    const { anchorMs, endSeq } = this.plans.load()[0]!;
    for await (const record of this.log.read(SPACE, 'voice', 0, Number.MAX_SAFE_INTEGER)) {
      if (record.seq !== next) throw new Broken(`the log has ${record.seq} after ${next}`);
      if (record.capturedAtMs !== anchorMs! + record.seq * CHUNK_MS) {
        throw new Broken(`record ${record.seq} says it was captured at ${record.capturedAtMs}`);
      }
      this.contents.check(SPACE, record);
      if (record.kind === 'hole') holes++;
      next = endSeqOf(record);
    }
    if (next !== endSeq) throw new Broken(`the log ends at ${next}, the programme at ${endSeq}`);
    return holes;
  }
}

/** A log whose records are never durable. */
function lying(log: ProgrammeLog): ProgrammeLog {
  return {
    openWriter: async (...of) => {
      const writer = await log.openWriter(...of);
      return {
        epoch: writer.epoch,
        get nextSeq() {
          return writer.nextSeq;
        },
        append: (record) => writer.append(record),
        sync: async () => {},
        close: () => writer.close(),
      };
    },
    read: (...of) => log.read(...of),
    extent: (...of) => log.extent(...of),
    remove: (...of) => log.remove(...of),
  };
}

const quiet: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => quiet,
};
