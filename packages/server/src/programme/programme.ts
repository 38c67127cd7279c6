/**
 * The programme of one machine: every space's plan, carried out on time by itself, and the one loop that
 * mixes the spaces on air [P3, P4]. Nothing outside is needed to go on: not the api, not the stage, not
 * the disk. Refuses more than `spacesMax` spaces on air, PLANS_MAX plans, and every step backwards.
 */
import { FRAME_MS, ParterreError, type PublicSpace, startDriftOf } from '@parterre/protocol';
import type { Timer } from '../ports/clock.ts';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { Attendant, ProgrammeControl, SpacePlan } from '../ports/programme-control.ts';
import type {
  FeedPosition,
  FeedReader,
  FeedSource,
  ProgrammeFeed,
} from '../ports/programme-feed.ts';
import type { ProgrammeInput, VoiceSeat } from '../ports/programme-input.ts';
import { rulingOn, type SpaceAction } from '../spaces/index.ts';
import { Aftermath } from './aftermath.ts';
import { Archive } from './archive.ts';
import { type Entry, newEntry, type ProgrammeOptions } from './entry.ts';
import { Feed } from './feed.ts';
import { bringOnAir, leanOf, liveIn, OVERLAP_MS } from './opening.ts';
import { PlanKeeping } from './plan-keeping.ts';
import { checkPlan, freshPlan, opensAtMs, publicSpaceOf, replanned } from './public-space.ts';
import { type InputSession, Sessions } from './sessions.ts';

/** Plans known at once, ended ones too. */
const PLANS_MAX = 10_000;
/** Longest wait of the loop: plans are looked at this often while nothing is on air. */
const LOOK_MS = 100;
/** A space that could not come on air is tried again after this. */
const RETRY_MS = 1_000;

export class Programme implements ProgrammeFeed, FeedSource {
  private readonly options: ProgrammeOptions;
  private readonly feed = new Feed();
  private readonly archive: Archive;
  private readonly aftermath: Aftermath;
  private readonly entries = new Map<string, Entry>();
  /** Those that have not ended: what the loop looks at. */
  private readonly active = new Set<Entry>();
  private readonly sessions: Sessions;
  private readonly keeping: PlanKeeping;
  private timer: Timer | null = null;
  private closed = false;

  private constructor(options: ProgrammeOptions) {
    this.options = options;
    this.sessions = new Sessions(this, options.timers);
    this.keeping = new PlanKeeping(options);
    this.aftermath = new Aftermath(options, this.feed);
    this.archive = new Archive(options, {
      kept: (spaceId) => this.entries.get(spaceId)?.kept,
      settled: (spaceId, replay) => this.settled(spaceId, replay),
    });
  }

  /** Takes up every plan where it was; spaces that were on air are on air again when this resolves. */
  static async open(options: ProgrammeOptions): Promise<Programme> {
    const programme = new Programme(options);
    for (const kept of options.plans.load()) programme.enter(kept);
    const running = [...programme.active].filter(({ kept }) => kept.state !== 'scheduled');
    await Promise.all(running.map((entry) => programme.bringOrRetry(entry)));
    await programme.aftermath.takeUp([...programme.entries.values()].map(({ kept }) => kept));
    programme.run();
    programme.archive.begin([...programme.entries.values()].map(({ kept }) => kept));
    return programme;
  }

  /** Spaces on air, records kept for readers, readers, records waiting for the disk. */
  figures(): { onAir: number; ringRecords: number; readers: number; waiting: number } {
    let waiting = 0;
    let onAir = 0;
    for (const entry of this.active) {
      if (entry.onAir === null) continue;
      onAir++;
      waiting += entry.onAir.keeper.waiting;
    }
    return { onAir, ringRecords: this.feed.ringRecords, readers: this.feed.readerCount, waiting };
  }

  follow(reader: FeedReader, tailChunks: number): { close(): void } {
    return this.feed.follow(reader, tailChunks);
  }

  attach(
    reader: FeedReader,
    tailChunks: number,
    positions: readonly FeedPosition[],
  ): { close(): void } {
    return this.feed.attach(reader, tailChunks, positions);
  }

  openInput(): ProgrammeInput {
    return this.sessions.openInput();
  }

  openControl(): ProgrammeControl {
    return this.sessions.openControl();
  }

  *spaces(): Iterable<PublicSpace> {
    for (const { kept } of this.entries.values()) yield publicSpaceOf(kept);
  }

  async plan(wanted: SpacePlan): Promise<PublicSpace> {
    const plan = checkPlan(wanted);
    let entry = this.entries.get(plan.id);
    const next = entry === undefined ? freshPlan(plan) : replanned(entry.kept, plan);
    if (entry === undefined && this.entries.size >= PLANS_MAX)
      throw new ParterreError('spaces_full');
    const opensNow = next.state === 'scheduled' && opensAtMs(plan) <= this.options.clock.wallMs();
    if (opensNow && entry?.opening == null) this.requireRoom();
    await this.options.plans.save(next);
    entry = this.entries.get(plan.id);
    if (entry === undefined) entry = this.enter(next);
    else this.change(entry, replanned(entry.kept, plan));
    if (opensNow) await this.bring(entry);
    return publicSpaceOf(entry.kept);
  }

  async openDoors(spaceId: string): Promise<PublicSpace> {
    const entry = this.entry(spaceId);
    if (this.rule(entry, 'doors')) await this.bring(entry);
    return publicSpaceOf(entry.kept);
  }

  async start(spaceId: string): Promise<PublicSpace> {
    const entry = this.entry(spaceId);
    if (this.rule(entry, 'start')) {
      await this.bring(entry);
      if (entry.kept.state === 'doors') await this.goLive(entry);
    }
    return publicSpaceOf(entry.kept);
  }

  async relaunch(spaceId: string, successor: string): Promise<PublicSpace> {
    const entry = this.entry(spaceId);
    const { kept } = entry;
    if (kept.state === 'ended' && kept.successor === successor) return publicSpaceOf(kept);
    const next = this.entry(successor);
    if (next === entry || next.kept.plan.rendition !== kept.plan.rendition)
      throw new ParterreError('bad_request', 'successor: another space with the same rendition.');
    if (kept.state === 'ended' || next.kept.state === 'ended') throw new ParterreError('ended');
    this.rule(entry, 'end');
    await entry.opening;
    if (entry.kept.state === 'live') await this.start(successor);
    else if (next.kept.state === 'scheduled') await this.openDoors(successor);
    await next.opening;
    await new Promise<void>((resolve) => void this.options.timers.after(OVERLAP_MS, resolve));
    if (this.entry(successor).kept.state !== 'ended' && this.rule(entry, 'end'))
      await this.finish(entry, 'given up', successor);
    if (entry.kept.successor !== successor) throw new ParterreError('ended');
    return publicSpaceOf(entry.kept);
  }

  async attendance(spaceId: string): Promise<readonly Attendant[]> {
    return this.entry(spaceId).roster.map(({ role, onAir }) => ({ role, onAir }));
  }

  async end(spaceId: string): Promise<PublicSpace> {
    const entry = this.entry(spaceId);
    if (this.rule(entry, 'end')) {
      await entry.opening;
      await this.finish(entry, 'asked to');
    }
    return publicSpaceOf(entry.kept);
  }

  async remove(spaceId: string): Promise<void> {
    const entry = this.entries.get(spaceId);
    if (entry === undefined) return;
    await entry.opening?.catch(() => {});
    this.entries.delete(spaceId);
    this.active.delete(entry);
    this.feed.removed(spaceId);
    this.aftermath.forget(spaceId);
    this.keeping.forget(spaceId);
    this.sessions.removed(spaceId);
    await entry.onAir?.close();
    entry.onAir = null;
    await this.archive.remove(spaceId);
    await this.options.clips.prune(spaceId, null);
    await this.options.plans.remove(spaceId);
    this.options.log.info({ spaceId }, 'space removed');
  }

  seated(spaceId: string, seats: readonly VoiceSeat[], by: InputSession): void {
    const entry = this.entries.get(spaceId);
    if (entry === undefined) return;
    entry.roster = seats;
    entry.rosterOf = by;
    entry.onAir?.setSeats(seats);
  }

  voice(
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void {
    const onAir = this.entries.get(spaceId)?.onAir;
    onAir?.voice(seatId, source, sequence, timestamp, payload, this.options.clock.monotonicMs());
  }

  leave(session: InputSession): void {
    for (const [spaceId, entry] of this.entries) {
      if (entry.rosterOf === session && entry.roster.length > 0) this.seated(spaceId, [], session);
    }
  }

  /** Stops the clock without ending any space: another process goes on with it. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.timer?.cancel();
    this.archive.close();
    this.keeping.close();
    for (const entry of this.active) {
      await entry.opening?.catch(() => {});
      await entry.onAir?.close();
    }
  }

  private enter(kept: KeptPlan): Entry {
    const entry = newEntry(kept);
    this.entries.set(kept.plan.id, entry);
    if (kept.state !== 'ended') this.active.add(entry);
    this.tell(entry);
    return entry;
  }

  private entry(spaceId: string): Entry {
    const entry = this.entries.get(spaceId);
    if (entry === undefined) throw new ParterreError('unknown_space');
    return entry;
  }

  /** @returns whether there is anything to do */
  private rule(entry: Entry, action: SpaceAction): boolean {
    const ruling = rulingOn(entry.kept.state, action);
    if (ruling !== 'go' && ruling !== 'done') throw new ParterreError(ruling);
    return ruling === 'go';
  }

  private requireRoom(): void {
    let taken = 0;
    for (const { onAir, opening } of this.active) if (onAir !== null || opening !== null) taken++;
    if (taken >= this.options.spacesMax) throw new ParterreError('spaces_full');
  }

  /** What has become of a space, to everyone and to the disk. @returns when it is kept */
  private change(entry: Entry, kept: KeptPlan): Promise<void> {
    if (kept === entry.kept) return Promise.resolve();
    entry.kept = kept;
    entry.onAir?.changed(kept);
    this.tell(entry);
    return this.keeping.keep(kept);
  }

  private tell(entry: Entry): void {
    const space = publicSpaceOf(entry.kept);
    this.feed.space(space, entry.kept.anchorMs, entry.kept.plan.groups ?? []);
    this.sessions.space(space);
  }

  /** Opens the doors, or brings a space back on air. */
  private async bring(entry: Entry): Promise<void> {
    if (entry.onAir !== null || entry.opening !== null) return entry.opening ?? undefined;
    if (entry.kept.state === 'scheduled') this.requireRoom();
    entry.opening = this.bringNow(entry).finally(() => {
      entry.opening = null;
    });
    return entry.opening;
  }

  private async bringNow(entry: Entry): Promise<void> {
    const { plan } = entry.kept;
    const log = this.options.log.child({ spaceId: plan.id });
    const opened = await bringOnAir(entry.kept, {
      ...this.options,
      log,
      publish: (record) => this.feed.append(plan.id, plan.rendition, record),
      lean: leanOf(this.options.lean, plan, this.feed),
      started: () => void this.goLive(entry),
      levels: (levels, programme) => this.sessions.levels(plan.id, levels, programme),
    });
    const { onAir, kept, tail } = opened;
    const state = entry.kept.state === 'scheduled' ? 'doors' : entry.kept.state;
    for (const record of tail) this.feed.append(plan.id, plan.rendition, record);
    entry.onAir = onAir;
    onAir.setSeats(entry.roster);
    log.info({ state, seq: onAir.seq, tail: tail.length }, 'on air');
    const { anchorMs, anchorMonotonicMs, bootId } = kept;
    const anchored = { ...entry.kept, state, anchorMs, anchorMonotonicMs, bootId };
    const live = state === 'doors' ? liveIn(tail) : null;
    void this.change(entry, live === null ? anchored : { ...anchored, ...live, state: 'live' });
    this.wake(0);
  }

  private goLive(entry: Entry): Promise<void> {
    const { clock, log, meter } = this.options;
    const onAir = entry.onAir!;
    const liveAtMs = onAir.wallOfNext(clock.monotonicMs(), clock.wallMs());
    const { plan } = entry.kept;
    const { seq: liveSeq } = onAir;
    const liveFrame = onAir.frameNow();
    const driftMs = startDriftOf({ startsAtMs: plan.startsAtMs, liveAtMs });
    log.info({ spaceId: plan.id, driftMs }, 'live');
    if (driftMs !== null && driftMs > -FRAME_MS) meter.startDrift(Math.max(0, driftMs));
    return this.change(entry, { ...entry.kept, state: 'live', liveAtMs, liveSeq, liveFrame });
  }

  private async finish(entry: Entry, why: string, successor: string | null = null): Promise<void> {
    const { onAir } = entry;
    if (onAir === null) return;
    const { clock, log } = this.options;
    const spaceId = entry.kept.plan.id;
    const endedAtMs = clock.wallMs();
    const ended: KeptPlan = { ...entry.kept, state: 'ended', endedAtMs, successor };
    onAir.changed(ended);
    const endSeq = onAir.conclude(clock.monotonicMs());
    entry.onAir = null;
    this.active.delete(entry);
    log.info({ spaceId, endSeq, why }, 'ended');
    const saved = this.change(entry, {
      ...ended,
      endSeq,
      replay: ended.liveSeq === null ? 'none' : 'due',
    });
    this.aftermath.begin(spaceId);
    await onAir.close();
    await saved;
    this.archive.due(spaceId);
  }

  private settled(spaceId: string, replay: KeptPlan['replay']): Promise<void> {
    const entry = this.entries.get(spaceId);
    return entry === undefined ? Promise.resolve() : this.change(entry, { ...entry.kept, replay });
  }

  private wake(delayMs: number): void {
    this.timer?.cancel();
    if (!this.closed) this.timer = this.options.timers.after(delayMs, () => this.run());
  }

  /** One turn: every space produces what is due and does what its plan says; then until the next frame. */
  private run(): void {
    const { clock } = this.options;
    let delayMs = LOOK_MS;
    for (const entry of this.active) {
      const nowMs = clock.monotonicMs();
      const wallMs = clock.wallMs();
      if (entry.onAir !== null) {
        const { state, plan } = entry.kept;
        entry.onAir.startAt(state === 'doors' ? plan.startsAtMs : null, nowMs, wallMs);
        const caughtUp = entry.onAir.advance(nowMs);
        entry.onAir.keeper.tend();
        const waitMs = caughtUp ? entry.onAir.dueMs - clock.monotonicMs() : 0;
        delayMs = Math.min(delayMs, Math.max(0, waitMs), FRAME_MS);
      } else if (entry.opening === null) {
        delayMs = Math.min(delayMs, Math.max(1, opensAtMs(entry.kept.plan) - wallMs));
      }
      this.carryOut(entry, nowMs, wallMs);
    }
    this.wake(Math.ceil(delayMs));
  }

  private carryOut(entry: Entry, nowMs: number, wallMs: number): void {
    const { kept, onAir } = entry;
    if (onAir === null) {
      const due = kept.state !== 'scheduled' || opensAtMs(kept.plan) <= wallMs;
      if (due && entry.opening === null && nowMs >= entry.nextTryMs) void this.bringOrRetry(entry);
      return;
    }
    const { startsAtMs } = kept.plan;
    if (kept.state === 'doors' && startsAtMs !== null) {
      onAir.countIdleFrom(nowMs); // until the announced start the stage may be empty
    } else if (onAir.idleMs(nowMs) > this.options.idleEndMs) {
      void this.finish(entry, 'nobody on stage');
    }
  }

  /** Never rejects: one space that cannot come on air keeps no other from it. */
  private async bringOrRetry(entry: Entry): Promise<void> {
    try {
      await this.bring(entry);
      entry.trouble = '';
    } catch (error) {
      entry.nextTryMs = this.options.clock.monotonicMs() + RETRY_MS;
      const trouble = String(error);
      if (trouble === entry.trouble) return;
      entry.trouble = trouble;
      const spaceId = entry.kept.plan.id;
      this.options.log.error({ spaceId, error: trouble }, 'not on air; tried again and again');
    }
  }
}
