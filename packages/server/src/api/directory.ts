/**
 * The spaces of this server: what the api asks of the store and of the programme together.
 *
 * What was acknowledged holds in both. A new space is reserved in the store, then planned by the
 * programme; a change or a new state is the programme's first and then stored. When the programme does
 * not answer, the request fails with `part_away` and nothing has changed: a reservation is taken back.
 * Only a removal is acknowledged from the store alone: it is remembered there, and the recording is
 * deleted as soon as the programme is back. At the start every plan is sent again.
 */
import {
  type ErrorCode,
  ParterreError,
  type PublicSpace,
  RESERVED_SPACE_IDS,
  startDriftOf,
} from '@parterre/protocol';
import type { ChangeSpace, CreateSpace } from '@parterre/protocol/schemas';
import type { Clip } from '../ports/clips.ts';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Attendant, ProgrammeControl, SpacePlan } from '../ports/programme-control.ts';
import type { Random } from '../ports/random.ts';
import type { Store, StoredClip, StoredSpace } from '../ports/store.ts';
import {
  announcedAt,
  type Group,
  type GroupWish,
  plainText,
  regrouped,
  rulingOn,
  type SpaceAction,
  scheduleAfter,
  scheduleOf,
  slugCandidates,
} from '../spaces/index.ts';
import { Follower } from './follower.ts';

const RETRY_MS = 3_000;
const BATCH = 100;

export interface DirectoryOptions {
  readonly store: Store;
  readonly programme: ProgrammeControl;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

export class Directory {
  readonly #options: DirectoryOptions;
  readonly #follower: Follower;
  #retry: Timer | null = null;
  #planned = false;
  #sweeping: Promise<void> | null = null;
  #sweepAgain = false;
  #closed = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#follower = new Follower({ ...options, onRemoved: () => this.#sweep() });
  }

  /** Begins to follow the programme, and brings both sides together. */
  open(): void {
    this.#options.programme.observe(
      (space) => this.#follower.report(space),
      (spaceId) => this.#follower.removed(spaceId),
    );
    this.#sweep();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#sweeping;
    await this.#follower.close();
  }

  /** @throws ParterreError `unknown_space` */
  async space(id: string): Promise<StoredSpace> {
    return asShown(await this.#stored(id));
  }

  async spaces(limit: number, offset: number): Promise<readonly StoredSpace[]> {
    return (await this.#options.store.spaces(limit, offset)).map(asShown);
  }

  /** @throws ParterreError `bad_request`, `space_exists`, `spaces_full`, `part_away`, `disk_full` */
  async create(wish: CreateSpace): Promise<StoredSpace> {
    const space = await this.#reserve(wish);
    try {
      const planned = await this.#options.programme.plan(planOf(space));
      return asShown((await this.#follower.apply(planned)) ?? space);
    } catch (error) {
      await this.#takeBack(space.id);
      throw error;
    }
  }

  /** @throws ParterreError also `ended`, `wrong_state` */
  async change(id: string, wish: ChangeSpace): Promise<StoredSpace> {
    const before = await this.#stored(id);
    if (before.state === 'ended') throw new ParterreError('ended');
    const { clock } = this.#options;
    const announced = announcedAt(wish);
    const after: StoredSpace = {
      ...before,
      ...scheduleAfter({ ...wish, ...announced }, before, clock.wallMs()),
      zone: announced.zone === undefined ? before.zone : announced.zone,
      title: wish.title === undefined ? before.title : shown('title', wish.title),
      host: wish.host === undefined ? before.host : shown('host', wish.host),
      profile: wish.profile ?? before.profile,
      holdingSound: wish.holdingSound ?? before.holdingSound,
    };
    return this.#replan(before, after, { holdingSound: after.holdingSound });
  }

  /** @param beside what only the store knows */
  async #replan(
    before: StoredSpace,
    after: StoredSpace,
    beside: Partial<StoredSpace>,
  ): Promise<StoredSpace> {
    const { programme } = this.#options;
    const planned = await programme.plan(planOf(after));
    try {
      return (await this.#follower.apply(planned, beside)) ?? after;
    } catch (error) {
      await programme.plan(planOf(before)).catch(() => undefined);
      throw error;
    }
  }

  /** Writes the groups anew that have seats kept. @throws ParterreError also `bad_request`, `ended` */
  async regroup(id: string, wishes: readonly GroupWish[]): Promise<readonly Group[]> {
    const before = await this.#stored(id);
    if (before.state === 'ended') throw new ParterreError('ended');
    const { clock, random } = this.#options;
    const bytes = (length: number) => random.bytes(length);
    const groups = regrouped(before.groups, wishes, before.startsAtMs, clock.wallMs(), bytes);
    return (await this.#replan(before, { ...before, groups }, { groups })).groups;
  }

  /** What it opens with; null: the holding sound. @throws ParterreError also `ended`, `wrong_state` */
  async setClip(id: string, clip: StoredClip | null): Promise<void> {
    const before = await this.#stored(id);
    this.demandClipMayChange(before);
    await this.#replan(before, { ...before, clip }, { clip });
  }

  /** @throws ParterreError `ended`, `wrong_state` once it has started */
  demandClipMayChange({ state }: StoredSpace): void {
    if (state === 'ended') throw new ParterreError('ended');
    if (state === 'live') throw new ParterreError('wrong_state', 'The space is live already.');
  }

  /** @throws ParterreError `unknown_space`, `wrong_state`, `not_open`, `ended`, `part_away` */
  async act(id: string, action: SpaceAction): Promise<PublicSpace> {
    const stored = await this.#stored(id);
    const ruling = rulingOn(stored.state, action);
    if (ruling === 'done') return asShown(stored);
    if (ruling !== 'go') throw new ParterreError(ruling);
    const space = await this.#tell(stored, action);
    try {
      await this.#follower.apply(space);
    } catch (error) {
      // It has happened: the store follows with the next report.
      this.#follower.report(space);
      this.#options.log.warn({ err: error, space: id }, 'a new state could not be stored yet');
    }
    return space;
  }

  /**
   * Gives a space up to its successor, which is made like it when none is named.
   * @throws ParterreError `unknown_space`, `not_open`, `ended`, `bad_request`, `part_away`
   * @returns the successor
   */
  async relaunch(id: string, named?: string): Promise<StoredSpace> {
    const given = await this.#stored(id);
    const ruling = rulingOn(given.state, 'end');
    if (ruling === 'done' && given.successor !== null) return this.space(given.successor);
    if (ruling !== 'go') throw new ParterreError(ruling === 'done' ? 'ended' : ruling);
    const { title, host, profile, rendition, holdingSound } = given;
    const like = { title, profile, rendition, holdingSound, ...(host === '' ? {} : { host }) };
    const successor = named === undefined ? await this.create(like) : await this.#stored(named);
    try {
      const space = await this.#options.programme.relaunch(id, successor.id);
      await this.#follower.apply(space).catch(() => this.#follower.report(space)); // it has happened
    } catch (error) {
      if (named === undefined && codeOf(error) !== 'part_away') await this.#takeBack(successor.id);
      throw error;
    }
    return this.space(successor.id);
  }

  /** Who is connected to the stage. @throws ParterreError `unknown_space`, `part_away` */
  attendance(id: string): Promise<readonly Attendant[]> {
    return this.#options.programme.attendance(id);
  }

  /** Gone at once here; the recording goes as soon as the programme answers. @throws `unknown_space` */
  async remove(id: string): Promise<void> {
    const { store, clock } = this.#options;
    if (!(await store.removeSpace(id, clock.wallMs()))) throw new ParterreError('unknown_space');
    await this.#sweep();
  }

  async #stored(id: string): Promise<StoredSpace> {
    const space = await this.#options.store.space(id);
    if (space === null) throw new ParterreError('unknown_space');
    return space;
  }

  async #reserve(wish: CreateSpace): Promise<StoredSpace> {
    const { store, clock, random } = this.#options;
    const nowMs = clock.wallMs();
    const title = shown('title', wish.title);
    const host = wish.host === undefined ? '' : shown('host', wish.host);
    if (wish.id !== undefined && RESERVED_SPACE_IDS.has(wish.id)) {
      throw new ParterreError('bad_request', `id: "${wish.id}" is the address of a page.`);
    }
    const announced = announcedAt(wish);
    const schedule = scheduleOf({ ...wish, ...announced }, nowMs);
    const ids =
      wish.id === undefined ? slugCandidates(title, (count) => random.bytes(count)) : [wish.id];
    for (const id of ids) {
      const space: StoredSpace = {
        id,
        title,
        host,
        ...schedule,
        zone: schedule.startsAtMs === null ? null : (announced.zone ?? null),
        profile: wish.profile ?? 'steady',
        rendition: wish.rendition ?? 'voice',
        holdingSound: wish.holdingSound ?? true,
        groups: [],
        clip: null,
        state: 'scheduled',
        openedAtMs: null,
        liveAtMs: null,
        endedAtMs: null,
        replayReady: false,
        successor: null,
        createdAtMs: nowMs,
      };
      if (await store.createSpace(space)) return space;
    }
    throw new ParterreError('space_exists');
  }

  /** Removed here, and there too: the plan may have arrived although its answer did not. */
  async #takeBack(id: string): Promise<void> {
    const { store, clock, log } = this.#options;
    try {
      await store.removeSpace(id, clock.wallMs());
    } catch (error) {
      log.error(
        { err: error, space: id },
        'a space that was not acknowledged could not be taken back',
      );
    }
    this.#sweepLater();
  }

  async #tell(space: StoredSpace, action: SpaceAction): Promise<PublicSpace> {
    const { programme } = this.#options;
    const ask = () => {
      if (action === 'doors') return programme.openDoors(space.id);
      return action === 'start' ? programme.start(space.id) : programme.end(space.id);
    };
    try {
      return await ask();
    } catch (error) {
      if (codeOf(error) !== 'unknown_space') throw error;
      await programme.plan(planOf(space)); // its disk was lost; ours was not
      return ask();
    }
  }

  /** Carries out what is left to do at the programme: removals, and once the plans. One at a time. */
  #sweep(): Promise<void> {
    this.#sweepAgain = true;
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    try {
      while (this.#sweepAgain && !this.#closed) {
        this.#sweepAgain = false;
        await this.#removeRemoved();
        if (!this.#planned) await this.#planAgain();
        this.#planned = true;
      }
    } catch (error) {
      if (codeOf(error) === null) {
        this.#options.log.error(
          { err: error },
          'the programme and the store could not be compared',
        );
      }
      this.#sweepLater();
    }
  }

  async #removeRemoved(): Promise<void> {
    const { store, programme } = this.#options;
    for (;;) {
      const ids = await store.removals(BATCH);
      for (const id of ids) {
        if (this.#closed) return;
        await programme.remove(id).catch((error: unknown) => {
          if (codeOf(error) !== 'unknown_space') throw error;
        });
        await this.#follower.forget(id);
      }
      if (ids.length < BATCH) return;
    }
  }

  async #planAgain(): Promise<void> {
    const { store, log } = this.#options;
    for (let offset = 0; ; offset += BATCH) {
      const page = await store.spaces(BATCH, offset);
      for (const { id } of page) {
        if (this.#closed) return;
        // Read again: the programme's report may have come meanwhile.
        const space = await this.#follower.inTurn(() => store.space(id));
        if (space === null || space.state === 'ended') continue;
        try {
          this.#follower.report(await this.#options.programme.plan(planOf(space)));
        } catch (error) {
          const code = codeOf(error);
          if (code === null || code === 'part_away') throw error;
          log.warn({ space: id, code }, 'the programme did not take a plan again');
        }
      }
      if (page.length < BATCH) return;
    }
  }

  #sweepLater(): void {
    if (this.#closed || this.#retry !== null) return;
    this.#retry = this.#options.timers.after(RETRY_MS, () => {
      this.#retry = null;
      void this.#sweep();
    });
  }
}

/** As people see it: the doors are when they opened, once they have. */
function asShown(space: StoredSpace): StoredSpace & Pick<PublicSpace, 'startDriftMs'> {
  const doorsAtMs = space.openedAtMs ?? space.doorsAtMs;
  return { ...space, doorsAtMs, startDriftMs: startDriftOf(space) };
}

function planOf(space: StoredSpace): SpacePlan {
  const { id, title, host, doorsAtMs, startsAtMs, zone, profile, rendition, holdingSound } = space;
  const groups = space.groups.map(({ id: group, seats }) => ({ id: group, seats }));
  return {
    id,
    title,
    host,
    doorsAtMs,
    startsAtMs,
    zone,
    profile,
    rendition,
    holdingSound,
    groups,
    clip: clipOf(space.clip),
  };
}

/** The programme needs no name of it. */
function clipOf(clip: StoredClip | null): Clip | null {
  if (clip === null) return null;
  const { hash, samples, channels } = clip;
  return { hash, samples, channels };
}

function shown(field: string, text: string): string {
  const plain = plainText(text);
  if (plain === '') throw new ParterreError('bad_request', `${field} must have a visible letter.`);
  return plain;
}

function codeOf(error: unknown): ErrorCode | null {
  return error instanceof ParterreError ? error.code : null;
}
