/**
 * A space as one edge holds it: the last two minutes of each rendition, their bytes in each lane's format, the
 * listeners by what they have, and how far down the order of degradation it is.
 */
import {
  LEAN_RENDITIONS,
  PROFILES,
  type Profile,
  type ProfileId,
  type PublicSpace,
  RENDITIONS,
  type Rendition,
  type RenditionId,
} from '@parterre/protocol';
import type { Ladder } from '../gate/index.ts';
import { Cohort } from './cohort.ts';
import type { EdgeCounters, LaneId } from './counters.ts';
import type { FlushPace } from './flush-pace.ts';
import type { Format, HoldingFrames } from './format.ts';
import type { SeatedGroup } from './groups.ts';
import { FormattedRing, Ring } from './ring.ts';

export interface Room {
  space: PublicSpace;
  readonly rings: Readonly<Record<LaneId, FormattedRing>>;
  /** The live lane in the lean rendition; null where there is none. */
  readonly lean: FormattedRing | null;
  /** The first is `near`, of the live lane. */
  readonly cohorts: readonly Cohort[];
  readonly ladder: Ladder;
  /** Those with seats kept, and those that had and still have somebody here. */
  readonly groups: Map<string, SeatedGroup>;
}

export interface Furniture {
  readonly formats: Readonly<Record<LaneId, Format>>;
  readonly holding: HoldingFrames;
  readonly counters: EdgeCounters;
  readonly paces: Readonly<Record<ProfileId, FlushPace>>;
  readonly ladder: Ladder;
  /** The lean rendition comes as well. */
  readonly lean: boolean;
  readonly groups: Map<string, SeatedGroup>;
}

export function furnish(space: PublicSpace, furniture: Furniture): Room {
  const { formats, holding, counters, paces, ladder, groups } = furniture;
  const own = RENDITIONS[space.rendition];
  const ring = new Ring(aboutOf(space, own), holding);
  const rings = {
    live: new FormattedRing(ring, formats.live),
    radio: new FormattedRing(ring, formats.radio),
  };
  const leaner = furniture.lean ? LEAN_RENDITIONS[space.rendition] : undefined;
  const lean = leaner && new FormattedRing(new Ring(aboutOf(space, leaner), holding), formats.live);
  const cohort = (lane: LaneId, profile: Profile, source: FormattedRing): Cohort =>
    new Cohort(lane, profile, source, paces[profile.id].slices, counters);
  const each = Object.values(PROFILES);
  const cohorts = [
    ...each.map((profile) => cohort('live', profile, rings.live)),
    ...(lean === undefined ? [] : each.map((profile) => cohort('live', profile, lean))),
    cohort('radio', PROFILES.steady, rings.radio),
  ];
  return { space, rings, lean: lean ?? null, cohorts, ladder, groups };
}

/** What has changed of a space whose rendition has not. */
export function refurnish(room: Room, space: PublicSpace): void {
  room.space = space;
  for (const { ring } of [room.rings.live, ...(room.lean === null ? [] : [room.lean])])
    ring.about = aboutOf(space, ring.about.rendition);
}

/** The ring of this rendition; null for one that is not held. */
export function ringOf({ rings, lean }: Room, rendition: string): Ring | null {
  if (rings.live.ring.about.rendition.id === rendition) return rings.live.ring;
  return lean?.ring.about.rendition.id === rendition ? lean.ring : null;
}

/** Listeners in it, on all lanes, but for those on a group's seats. */
export function listenersIn({ cohorts, groups }: Room): number {
  let listeners = 0;
  for (const { size } of cohorts) listeners += size;
  for (const { used } of groups.values()) listeners -= used;
  return listeners;
}

/** Listeners of a lane and profile. */
interface CensusRow {
  readonly lane: LaneId;
  readonly profile: ProfileId;
  readonly listeners: number;
}

/** Over all these spaces. */
export function censusOf(rooms: Iterable<Room>): CensusRow[] {
  const rows = new Map<string, { lane: LaneId; profile: ProfileId; listeners: number }>();
  for (const { cohorts } of rooms) {
    for (const { lane, profile, size } of cohorts) {
      const name = `${lane} ${profile.id}`;
      const row = rows.get(name) ?? { lane, profile: profile.id, listeners: 0 };
      row.listeners += size;
      rows.set(name, row);
    }
  }
  return [...rows.values()];
}

/** Who has this; in the space's own rendition where the one asked for is not held. */
export function cohortOf(
  { cohorts }: Room,
  lane: LaneId,
  profile: ProfileId,
  rendition: RenditionId | null,
): Cohort {
  let found: Cohort | undefined;
  for (const cohort of cohorts) {
    if (cohort.lane !== lane || cohort.profile.id !== profile) continue;
    if (found === undefined || cohort.source.ring.about.rendition.id === rendition) found = cohort;
  }
  return found!;
}

function aboutOf({ title, host }: PublicSpace, rendition: Rendition) {
  return { rendition, title, host };
}
