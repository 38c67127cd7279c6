/**
 * What a rehearsal finds and what a capacity certificate says of it [P8]. One schema for who measures,
 * who signs, who shows and who plans. Times named `…AtMs` are ms since the Unix epoch, `…S` seconds
 * since the rehearsal's beginning, shares are of one core unless said otherwise.
 */
import { type Static, Type } from 'typebox';

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Measure = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Word = Type.String({ maxLength: 200 });
const Text = Type.String({ maxLength: 2_000 });
const Maybe = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Longest timeline, samples: one a second for a day. */
const SAMPLES_MAX = 86_400;

/** A machine as it describes itself. */
export const MachineSchema = Type.Object({
  cpu: Word,
  cores: Count,
  memoryBytes: Count,
  /** Kernel's name and release. */
  system: Word,
  node: Word,
});
export type Machine = Static<typeof MachineSchema>;

/**
 * What decides a server's capacity. A certificate is stale as soon as any of `build`, `configuration`,
 * `machine` or `topology` differs from the server's own.
 */
export const ServerDescriptionSchema = Type.Object({
  /** `digest`: SHA-256 over the program's files, hexadecimal. */
  build: Type.Object({ version: Word, digest: Word }),
  /** The keys that capacity depends on, as they are set. */
  configuration: Type.Record(Type.String({ maxLength: 40 }), Word, { maxProperties: 64 }),
  machine: MachineSchema,
  topology: Type.Object({ edges: Count, connectionsMaxPerEdge: Count, tls: Type.Boolean() }),
});
export type ServerDescription = Static<typeof ServerDescriptionSchema>;

/** Percentiles of one measure, in the unit its name says; null where nothing was measured. */
export const PercentilesSchema = Type.Object({
  count: Count,
  p50: Measure,
  p95: Measure,
  p99: Measure,
  max: Measure,
});
export type Percentiles = Static<typeof PercentilesSchema>;

/** The house in one second of the rehearsal. */
export const RehearsalSecondSchema = Type.Object({
  atS: Count,
  /** Wanted by the scenario, and hearing the programme. */
  wanted: Count,
  listeners: Count,
  /** In line with a place; and listeners as the server counts them, in all its spaces. */
  inLine: Count,
  serverListeners: Maybe(Count),
  /** Places in line that were given out: who came and was not let in at once. */
  tickets: Count,
  /** Who heard a first chunk in this second, and of them those who came back. */
  joins: Count,
  resumes: Count,
  leaves: Count,
  /** Tries that were refused or failed. */
  refusals: Count,
  /** Chunks that never came or came with other content, and times a player's buffer ran dry. */
  gaps: Count,
  dry: Count,
  /** Arrival minus capture of chunks pushed in this second, ms. */
  latencyP50Ms: Maybe(Measure),
  latencyP99Ms: Maybe(Measure),
  /** From asking to the first chunk, ms. */
  joinP95Ms: Maybe(Measure),
  bytes: Count,
  /** Shares of one core: all processes of the server, its busiest edge, all of the generator. */
  serverCpu: Maybe(Measure),
  edgeCpu: Maybe(Measure),
  generatorCpu: Measure,
  /** Worst p99 event-loop delay of any edge, ms. */
  loopDelayMs: Maybe(Measure),
  /** The longest flush interval in use, ms. */
  flushMs: Maybe(Measure),
  serverMemoryBytes: Maybe(Count),
  /** Ticks the mixers skipped since the beginning. */
  ticksSkipped: Maybe(Count),
});
export type RehearsalSecond = Static<typeof RehearsalSecondSchema>;

/** One promise, as a number that must stay within its limit. */
export const PromiseResultSchema = Type.Object({
  /** `P1` … `P8`. */
  promise: Type.String({ pattern: '^P[1-8]$' }),
  /** Stable dotted name, such as `gaps` or `latency.p99_s`. */
  measure: Word,
  limit: Measure,
  measured: Measure,
  held: Type.Boolean(),
});
export type PromiseResult = Static<typeof PromiseResultSchema>;

/** What was exercised: the shape of the crowd, not a claim about it. */
export const ExercisedSchema = Type.Object({
  /** Most who heard the programme at once. */
  listeners: Count,
  /** Steepest slope: most joins in one second, and over ten seconds, a second. */
  joinsPerS: Measure,
  joinsPer10S: Measure,
  /** Most reconnections in one second. */
  resumesPerS: Measure,
  /** Most who left in one second. */
  leavesPerS: Measure,
  /** Edges that were killed, and edges that were replaced in order. */
  edgesKilled: Count,
  edgesReplaced: Count,
  seconds: Count,
  listenedSeconds: Measure,
});
export type Exercised = Static<typeof ExercisedSchema>;

/** A space beside the one that is rehearsed, for a while: its joins, and how fast the api answers. */
const NeighbourSchema = Type.Object({
  seconds: Count,
  joins: Count,
  joinP95Ms: Maybe(Measure),
  latencyP99Ms: Maybe(Measure),
  gaps: Count,
  apiP95Ms: Maybe(Measure),
});
export type Neighbour = Static<typeof NeighbourSchema>;

/** A crowd of so many times the capacity, and what it met. */
const CrowdSchema = Type.Object({
  factor: Measure,
  visitors: Count,
  listenersMax: Count,
  serverListenersMax: Maybe(Count),
  reachedP99Ms: Maybe(Measure),
  /** Chunks that never came, came otherwise, and buffers that ran dry. */
  gaps: Count,
  goodputS: Measure,
  /** From the crowd's end until nobody who came had to wait; null when that did not come about. */
  recoveryS: Maybe(Measure),
  /** Beside it: before the crowd, and while it was there. */
  before: Maybe(NeighbourSchema),
  during: Maybe(NeighbourSchema),
});
export type CrowdResult = Static<typeof CrowdSchema>;

/** Of a house with more visitors than places. */
export const LineSchema = Type.Object({
  /** What the server was told to take in; null where only the server knows. */
  capacity: Maybe(Count),
  /** Most listeners at once, as the generator and as the server counts them. */
  listenersMax: Count,
  serverListenersMax: Maybe(Count),
  /** From coming to the first sound or a place in line, of every visitor. */
  reachedMs: Maybe(PercentilesSchema),
  /** Seconds listened without a gap, by all together. */
  goodputS: Measure,
  tickets: Count,
  /** Came in with a ticket; gave up; had a ticket refused; were passed by somebody who came later. */
  byTicket: Count,
  gaveUp: Count,
  placesLost: Count,
  overtaken: Count,
  /** Looks at the line, and those that had no answer. */
  polls: Count,
  unanswered: Count,
  /** Where crowds of several sizes were compared; the result is that of the largest. */
  crowds: Type.Array(CrowdSchema, { maxItems: 16 }),
});
export type LineResult = Static<typeof LineSchema>;

export const SaturationSchema = Type.Enum([
  'none',
  'cpu',
  'event-loop',
  'egress',
  'descriptors',
  'memory',
  'unknown',
] as const);
export type Saturation = Static<typeof SaturationSchema>;

/** How late the mixers' ticks came. */
export const MixerLatenessSchema = Type.Object({
  ticks: Count,
  meanMs: Measure,
  /** Bound of the histogram's bucket that holds the 99th percentile; null when it is beyond all. */
  p99MsAtMost: Maybe(Measure),
  /** Ticks later than 100 ms. */
  later: Count,
});
export type MixerLateness = Static<typeof MixerLatenessSchema>;

export const RehearsalResultSchema = Type.Object(
  {
    v: Type.Literal(1),
    id: Type.String({ pattern: '^[a-z0-9]{16}$' }),
    beganAtMs: Time,
    endedAtMs: Time,
    /** `void`: the generator was short, nothing is said of the server; `stopped`: ended before its end. */
    outcome: Type.Enum(['held', 'broken', 'void', 'stopped'] as const),
    /** Why, in plain words. */
    reason: Text,
    target: Type.Object({ url: Text, space: Word, profile: Word }),
    scenario: Type.Object({ name: Word, about: Text, scale: Measure, speed: Measure, text: Text }),
    /** As the server tells it; null when it does not. */
    server: Maybe(ServerDescriptionSchema),
    generator: Type.Object({
      machine: MachineSchema,
      processes: Count,
      sameMachine: Type.Boolean(),
      cpuMean: Measure,
      cpuMax: Measure,
      /** Worst p99 event-loop delay of any generator process, ms. */
      loopDelayMaxMs: Measure,
    }),
    exercised: ExercisedSchema,
    promises: Type.Array(PromiseResultSchema, { maxItems: 32 }),
    /** What was scarce at the load at which a promise broke, or nearest to it. */
    saturated: SaturationSchema,
    latencyMs: Maybe(PercentilesSchema),
    joinMs: Maybe(PercentilesSchema),
    /** Time without a connection before hearing again, ms. */
    resumeMs: Maybe(PercentilesSchema),
    line: LineSchema,
    /** Before the first listener, and from then on; null when the server does not tell. */
    mixer: Type.Object({ idle: Maybe(MixerLatenessSchema), loaded: Maybe(MixerLatenessSchema) }),
    totals: Type.Object({
      joins: Count,
      resumes: Count,
      leaves: Count,
      refusals: Count,
      chunks: Count,
      bytes: Count,
      gaps: Count,
      dry: Count,
      wrongBytes: Count,
    }),
    /** CPU of the server, seconds, and the bytes it sent: what a plan counts with. */
    cost: Maybe(
      Type.Object({
        serverCpuS: Measure,
        egressBytes: Measure,
        memoryPerListenerBytes: Measure,
        /** Server CPU for one listener who stays, share of a core; and for one join, seconds. */
        cpuPerListener: Measure,
        cpuPerJoinS: Measure,
      }),
    ),
    seconds: Type.Array(RehearsalSecondSchema, { maxItems: SAMPLES_MAX }),
    events: Type.Array(Type.Object({ atS: Measure, what: Text }), { maxItems: 1_000 }),
  },
  { title: 'RehearsalResult' },
);
export type RehearsalResult = Static<typeof RehearsalResultSchema>;
