/**
 * What the api asks of the programme. The programme keeps each plan on its own disk and carries it out
 * by itself: doors, start and end happen on time with the api away [P3, P4].
 */
import type { PublicSpace, Role, SpaceProfileId, SpaceRenditionId } from '@parterre/protocol';
import type { Clip } from './clips.ts';
import type { GroupSeats } from './programme-feed.ts';

export interface SpacePlan {
  readonly id: string;
  readonly title: string;
  readonly host: string;
  readonly doorsAtMs: number;
  /** Null: no time is announced; it starts when `start` is asked for and never by itself. */
  readonly startsAtMs: number | null;
  /** IANA name of the zone the start is announced in. */
  readonly zone?: string | null;
  readonly profile: SpaceProfileId;
  readonly rendition: SpaceRenditionId;
  readonly holdingSound: boolean;
  /** Groups that have seats kept. */
  readonly groups?: readonly GroupSeats[];
  /** What it opens with, from the first sample on air; until then it may change. */
  readonly clip?: Clip | null;
}

/** Somebody connected to the stage of a space. */
export interface Attendant {
  readonly role: Role;
  /** On stage; else in the green room. */
  readonly onAir: boolean;
}

export interface ProgrammeControl {
  /** Creates or changes a plan. Title, host, profile and holdingSound may change at any time before `ended`; times only before they have come. */
  plan(plan: SpacePlan): Promise<PublicSpace>;
  /** Opens the doors now. */
  openDoors(spaceId: string): Promise<PublicSpace>;
  /** Goes live now, opening the doors first when they are not. */
  start(spaceId: string): Promise<PublicSpace>;
  /** Ends the programme for good; the replay is finished afterwards. */
  end(spaceId: string): Promise<PublicSpace>;
  /**
   * Gives a space up: its successor comes on air, live when this one is, and this one ends and names it to
   * its audience. @throws ParterreError `unknown_space`, `ended`, `not_open`, `bad_request`
   */
  relaunch(spaceId: string, successor: string): Promise<PublicSpace>;
  /** Who is connected to the stage now. */
  attendance(spaceId: string): Promise<readonly Attendant[]>;
  /** Removes the space and its recording. */
  remove(spaceId: string): Promise<void>;
  /**
   * State changes, also those the programme made by itself; every space at each (re)connection. `removed`
   * takes the identifiers of spaces it told before and does not know any more.
   */
  observe(observer: (space: PublicSpace) => void, removed?: (spaceId: string) => void): void;
  close(): void;
}
