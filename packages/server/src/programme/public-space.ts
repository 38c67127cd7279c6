/** What a kept plan shows to the public, and what a plan from outside must be. Pure. */
import {
  CLIP_SAMPLES_MAX,
  GROUP_ID,
  GROUP_SEATS_MAX,
  GROUPS_MAX,
  ParterreError,
  PROFILES,
  type PublicSpace,
  RENDITIONS,
  RESERVED_SPACE_IDS,
  SPACE_ID,
  startDriftOf,
} from '@parterre/protocol';
import type { Clip } from '../ports/clips.ts';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { SpacePlan } from '../ports/programme-control.ts';
import type { GroupSeats } from '../ports/programme-feed.ts';

const HASH = /^[0-9a-f]{64}$/;
const WORDS_MAX = 200;
const ZONE_LENGTH_MAX = 64;

export function publicSpaceOf(kept: KeptPlan): PublicSpace {
  const { plan, state, anchorMs, liveAtMs, endedAtMs, replay } = kept;
  const { id, title, host, profile, rendition, startsAtMs } = plan;
  const doorsAtMs = anchorMs ?? plan.doorsAtMs;
  const replayReady = replay === 'ready';
  return {
    id,
    title,
    host,
    state,
    profile,
    rendition,
    startsAtMs,
    doorsAtMs,
    liveAtMs,
    endedAtMs,
    replayReady,
    zone: plan.zone ?? null,
    startDriftMs: startDriftOf({ startsAtMs, liveAtMs }),
    successor: kept.successor ?? null,
  };
}

/**
 * A plan nothing has happened to yet.
 * @throws ParterreError `bad_request` when it would start before its doors open
 */
export function freshPlan(plan: SpacePlan): KeptPlan {
  checkOrder(plan);
  return {
    plan,
    state: 'scheduled',
    anchorMs: null,
    anchorMonotonicMs: null,
    bootId: '',
    liveAtMs: null,
    liveSeq: null,
    endedAtMs: null,
    endSeq: null,
    replay: 'none',
    successor: null,
  };
}

/** @throws ParterreError `bad_request` naming the field */
export function checkPlan(plan: SpacePlan): SpacePlan {
  const { id, title, host, doorsAtMs, startsAtMs, profile, rendition, holdingSound } = plan;
  const zone = plan.zone ?? null;
  const groups = plan.groups ?? [];
  const clip = plan.clip ?? null;
  const wrong =
    typeof id !== 'string' || !SPACE_ID.test(id) || RESERVED_SPACE_IDS.has(id)
      ? 'id'
      : !isText(title)
        ? 'title'
        : !isText(host)
          ? 'host'
          : !Number.isFinite(doorsAtMs)
            ? 'doorsAtMs'
            : startsAtMs !== null && !Number.isFinite(startsAtMs)
              ? 'startsAtMs'
              : !Object.hasOwn(PROFILES, profile)
                ? 'profile'
                : !Object.hasOwn(RENDITIONS, rendition)
                  ? 'rendition'
                  : typeof holdingSound !== 'boolean'
                    ? 'holdingSound'
                    : zone !== null && !(isText(zone) && zone.length <= ZONE_LENGTH_MAX)
                      ? 'zone'
                      : !areGroups(groups)
                        ? 'groups'
                        : clip !== null && !isClip(clip)
                          ? 'clip'
                          : null;
  if (wrong !== null) throw new ParterreError('bad_request', `Field "${wrong}".`);
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
    groups: groups.map(({ id: group, seats }) => ({ id: group, seats })),
    clip:
      clip === null ? null : { hash: clip.hash, samples: clip.samples, channels: clip.channels },
  };
}

/** The clock runs this long before an announced start, whenever the doors are to open. */
const LEAD_MS = 2_000;

/** When a space has to come on air: at its doors, and never so late that its start would be. */
export function opensAtMs({ doorsAtMs, startsAtMs }: SpacePlan): number {
  return startsAtMs === null ? doorsAtMs : Math.min(doorsAtMs, startsAtMs - LEAD_MS);
}

/** Holds only until the doors open: the host may open them at another time than was planned. */
function checkOrder({ doorsAtMs, startsAtMs }: SpacePlan): void {
  if (startsAtMs !== null && startsAtMs < doorsAtMs) {
    throw new ParterreError('bad_request', 'Field "startsAtMs".');
  }
}

function areGroups(value: unknown): value is readonly GroupSeats[] {
  if (!Array.isArray(value) || value.length > GROUPS_MAX) return false;
  const ids = new Set(value.map((group) => (group as GroupSeats | null)?.id));
  return (
    ids.size === value.length &&
    value.every((group) => {
      const { id, seats } = (group ?? {}) as Partial<GroupSeats>;
      const counted = Number.isSafeInteger(seats) && seats! >= 1 && seats! <= GROUP_SEATS_MAX;
      return typeof id === 'string' && GROUP_ID.test(id) && counted;
    })
  );
}

function isClip(value: unknown): value is Clip {
  const { hash, samples, channels } = (value ?? {}) as Partial<Clip>;
  const counted = Number.isSafeInteger(samples) && samples! >= 1 && samples! <= CLIP_SAMPLES_MAX;
  return (
    typeof hash === 'string' && HASH.test(hash) && counted && (channels === 1 || channels === 2)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= WORDS_MAX;
}

/**
 * What becomes of a kept plan when it is planned anew. Once the doors have opened, their planned time and
 * their actual one both stand for no change.
 * @throws ParterreError `ended`, or `wrong_state` where what is asked for has come already
 */
export function replanned(kept: KeptPlan, plan: SpacePlan): KeptPlan {
  const before = kept.plan;
  const changed = (key: keyof SpacePlan): boolean => textOf(before[key]) !== textOf(plan[key]);
  if (kept.state === 'ended') {
    if (Object.keys(before).some((key) => changed(key as keyof SpacePlan)))
      throw new ParterreError('ended');
    return kept;
  }
  if (kept.state === 'scheduled') {
    checkOrder(plan);
    return { ...kept, plan };
  }
  const doorsChanged = changed('doorsAtMs') && plan.doorsAtMs !== kept.anchorMs;
  if (doorsChanged || changed('rendition')) {
    throw new ParterreError('wrong_state', 'The doors are open already.');
  }
  if (kept.state === 'live' && (changed('startsAtMs') || changed('clip'))) {
    throw new ParterreError('wrong_state', 'The space is live already.');
  }
  return { ...kept, plan: { ...plan, doorsAtMs: before.doorsAtMs } };
}

function textOf(value: unknown): string {
  return JSON.stringify(value ?? null);
}
