/**
 * A scenario: how many want to listen when, what kind of people they are, what befalls them and the
 * server. Small declarative files; several make one score. Parts without a number of their own are the
 * same crowd: at each moment it is as large as the part that wants most. A part with a number is a crowd
 * of its own that comes on top.
 */
import { PROFILES, type ProfileId } from '@parterre/protocol';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { BUILT_IN } from './built-in.ts';
import type { Manners } from './messages.ts';

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Seconds = Type.Number({ minimum: 0, maximum: 86_400 });
const own = { additionalProperties: false } as const;

export const ScenarioSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }),
    about: Type.String({ maxLength: 500 }),
    /**
     * Points of time, s, and the share of all listeners who want to be in then; straight lines between,
     * level after the last. Who wants to be in at the first point has come in before it.
     */
    house: Type.Array(Type.Tuple([Seconds, Share]), { minItems: 1, maxItems: 1_000 }),
    /** How long it goes on after the last point, s. */
    seconds: Seconds,
    profile: Type.Optional(Type.Enum(['near', 'steady'] as const)),
    /** Share of those who come that load page, assets and description first. */
    visits: Type.Optional(Share),
    /** Share of readers that take nothing for twenty seconds at a time. */
    slow: Type.Optional(Share),
    /** Share of the house that leaves and is replaced, a second. */
    churn: Type.Optional(Share),
    /** How long one waits in line on average before giving up, s; for as long as it takes when left out. */
    patience: Type.Optional(Seconds),
    /** Connections that are lost at once on their way. */
    cuts: Type.Optional(
      Type.Array(
        /** `away`: for how long there is no way back, s; at once when left out. */
        Type.Object({ at: Seconds, share: Share, away: Type.Optional(Seconds) }, own),
        { maxItems: 100 },
      ),
    ),
    /** What is done to a server that the rehearsal itself has started. */
    server: Type.Optional(
      Type.Array(
        Type.Object({ at: Seconds, do: Type.Enum(['kill-edge', 'replace-edges'] as const) }, own),
        { maxItems: 100 },
      ),
    ),
  },
  own,
);
export type Scenario = Static<typeof ScenarioSchema>;

export type Incident =
  | { readonly atS: number; readonly do: 'cut'; readonly share: number; readonly awayS: number }
  | { readonly atS: number; readonly do: 'kill-edge' | 'replace-edges' };

/** What is played: times in s since the beginning, in which the first ones come in at `pace`. */
export interface Score {
  readonly name: string;
  readonly about: string;
  /** The scenarios as JSON, as they were. */
  readonly text: string;
  readonly seconds: number;
  /** Until the audience of the first point is in. */
  readonly prerollS: number;
  readonly listenersMax: number;
  /** Half of the largest house or more leaves within a minute. */
  readonly emptied: boolean;
  readonly profile: ProfileId | null;
  readonly manners: Manners;
  readonly incidents: readonly Incident[];
  wantedAt(second: number): number;
}

export interface ScoreOptions {
  readonly listeners: number;
  readonly scale: number;
  readonly speed: number;
  /** Length after the preroll; null takes the scenarios' own. */
  readonly seconds: number | null;
  /** How fast the first ones come in, a second. */
  readonly pace: number;
  /** Reads a scenario's file; for words that are not a built-in name. */
  readonly read: (path: string) => string;
}

interface Part {
  readonly scenario: Scenario;
  /** null: of the common crowd. */
  readonly listeners: number | null;
  readonly startS: number;
  readonly speed: number;
}

export const LISTENERS_MAX = 1_000_000;
/** Longest rehearsal, s. */
export const SECONDS_MAX = 86_400;
const PARTS_MAX = 8;
/** A house that loses half of its listeners within so long is emptied, s. */
const EMPTIED_S = 60;
const FOR_EVER = Number.POSITIVE_INFINITY;
const PART = /^(.+?)(?::(\d{1,7}))?(?:@(\d{1,5}))?(?:x(\d{1,4}(?:\.\d{1,3})?))?$/;

/**
 * Reads `steady:10000+stampede:20000@20x12`: names of built-in scenarios or of files, each with its
 * number of listeners, its start in s and its speed where they are its own.
 * @throws RangeError in words for the operator
 */
export function scoreOf(words: string, options: ScoreOptions): Score {
  const parts = words.split('+').map((word) => partOf(word, options));
  if (parts.length > PARTS_MAX) throw new RangeError(`At most ${PARTS_MAX} scenarios at once.`);
  const crowd = (second: number): number => wantedAt(parts, options, second);
  const prerollS = crowd(0) / options.pace;
  const seconds = options.seconds ?? Math.max(...parts.map(lengthOf));
  const listenersMax = Math.max(...timesOf(parts).map(crowd));
  if (listenersMax > LISTENERS_MAX)
    throw new RangeError(`At most ${LISTENERS_MAX} listeners, this would be ${listenersMax}.`);
  if (prerollS + seconds > SECONDS_MAX) throw new RangeError('A rehearsal lasts at most a day.');
  return {
    name: words,
    about: parts.map(({ scenario }) => scenario.about).join(' '),
    text: JSON.stringify(parts.map(({ scenario }) => scenario)),
    seconds: prerollS + seconds,
    prerollS,
    listenersMax,
    emptied: isEmptied(timesOf(parts), crowd, listenersMax / 2),
    profile: profileOf(parts),
    manners: mannersOf(parts),
    incidents: parts.flatMap((part) => incidentsOf(part, prerollS)),
    wantedAt: (second) =>
      second < prerollS ? Math.floor(second * options.pace) : crowd(second - prerollS),
  };
}

/** @throws RangeError when it is not a scenario */
export function readScenario(text: string, where: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`The scenario ${where} is not JSON: ${(error as Error).message}`);
  }
  if (!Value.Check(ScenarioSchema, value)) {
    const [first] = [...Value.Errors(ScenarioSchema, value)];
    throw new RangeError(
      `The scenario ${where} is not right: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
    );
  }
  const ascending = value.house.every(
    (point, at) => at === 0 || point[0] >= value.house[at - 1]![0],
  );
  if (!ascending)
    throw new RangeError(`The points of "house" in ${where} must be in order of time.`);
  return value;
}

function partOf(word: string, { speed, read }: ScoreOptions): Part {
  const [, name = '', listeners, start, ownSpeed] = PART.exec(word.trim()) ?? [];
  const known = BUILT_IN.find((each) => each.name === name);
  if (known === undefined && !/[./]/.test(name)) {
    const names = BUILT_IN.map((each) => each.name).join(', ');
    throw new RangeError(`There is no scenario "${name}". There are ${names}, and files.`);
  }
  return {
    scenario: readScenario(known === undefined ? read(name) : JSON.stringify(known), name),
    listeners: listeners === undefined ? null : Number(listeners),
    startS: Number(start ?? 0),
    speed: ownSpeed === undefined ? speed : Math.max(0.001, Number(ownSpeed)),
  };
}

function shareAt({ scenario: { house }, startS, speed }: Part, second: number): number {
  const at = (second - startS) * speed;
  const after = house.findIndex(([time]) => time > at);
  // Before its own start a part is not there; from the beginning on its first point is.
  if (after === 0) return startS > 0 ? 0 : house[0]![1];
  if (after === -1) return second < startS ? 0 : house[house.length - 1]![1];
  const [fromS, from] = house[after - 1]!;
  const [toS, to] = house[after]!;
  return from + ((to - from) * (at - fromS)) / (toS - fromS);
}

function wantedAt(parts: readonly Part[], options: ScoreOptions, second: number): number {
  let common = 0;
  let extra = 0;
  for (const part of parts) {
    const share = shareAt(part, second);
    if (part.listeners === null) common = Math.max(common, share);
    else extra += share * part.listeners;
  }
  return Math.round((common * options.listeners + extra) * options.scale);
}

/** When anything bends. */
function timesOf(parts: readonly Part[]): number[] {
  return parts.flatMap(({ scenario, startS, speed }) =>
    scenario.house.map(([time]) => startS + time / speed),
  );
}

/** Straight lines fall most from a bend or to one. */
function isEmptied(
  times: readonly number[],
  crowd: (second: number) => number,
  least: number,
): boolean {
  const fall = (from: number, to: number): number => crowd(from) - crowd(to);
  return times.some(
    (at) => Math.max(fall(at, at + EMPTIED_S), fall(Math.max(0, at - EMPTIED_S), at)) >= least,
  );
}

function lengthOf({ scenario, startS, speed }: Part): number {
  return startS + scenario.house[scenario.house.length - 1]![0] / speed + scenario.seconds;
}

function incidentsOf({ scenario, startS, speed }: Part, prerollS: number): Incident[] {
  const at = (time: number): number => prerollS + startS + time / speed;
  return [
    ...(scenario.cuts ?? []).map((cut) => ({
      atS: at(cut.at),
      do: 'cut' as const,
      share: cut.share,
      awayS: (cut.away ?? 0) / speed,
    })),
    ...(scenario.server ?? []).map((each) => ({ atS: at(each.at), do: each.do })),
  ];
}

function profileOf(parts: readonly Part[]): ProfileId | null {
  const wanted = new Set(parts.map(({ scenario }) => scenario.profile ?? null));
  wanted.delete(null);
  if (wanted.size > 1)
    throw new RangeError(`Scenarios of one rehearsal share a profile: ${Object.keys(PROFILES)}.`);
  return [...wanted][0] ?? null;
}

function mannersOf(parts: readonly Part[]): Manners {
  const most = (key: 'visits' | 'slow' | 'churn'): number =>
    Math.max(...parts.map(({ scenario }) => scenario[key] ?? 0));
  const patience = Math.min(...parts.map(({ scenario }) => scenario.patience ?? FOR_EVER));
  const shares = { visits: most('visits'), slow: most('slow'), churn: most('churn') };
  return { ...shares, patience: patience === FOR_EVER ? null : patience };
}
