/** A rehearsal as a two-core machine would give it, made by rule: doors, a steady house, an exit. */
import type {
  CrowdResult,
  LineResult,
  RehearsalResult,
  RehearsalSecond,
  ServerDescription,
} from '@parterre/protocol/rehearsal';

export const NOW_MS = 1_800_000_000_000;
export const SEED = Buffer.alloc(32, 7);

export const SERVER: ServerDescription = {
  build: { version: '0.1.0', digest: 'ab'.repeat(32) },
  configuration: { edges: '8', spacesMax: '8', store: 'sqlite', trustProxy: 'false' },
  machine: {
    cpu: 'Example CPU @ 2.60GHz',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    system: 'Linux 6.8.0',
    node: '26.10.0',
  },
  topology: { edges: 8, connectionsMaxPerEdge: 18_000, tls: false },
};

const PEAK = 60_000;
const RAMP_S = 40;
const STAY_S = 180;
const LEAVE_S = 20;
const SECONDS = RAMP_S + STAY_S + LEAVE_S;

/** Nobody had to wait. */
export const NO_LINE: LineResult = {
  capacity: null,
  listenersMax: PEAK,
  serverListenersMax: PEAK,
  reachedMs: { count: PEAK, p50: 41, p95: 118, p99: 240, max: 611 },
  goodputS: 12_000_000,
  tickets: 0,
  byTicket: 0,
  gaveUp: 0,
  placesLost: 0,
  overtaken: 0,
  polls: 0,
  unanswered: 0,
  crowds: [],
};

/** Between 0 and 1, the same for the same number. */
const noise = (at: number): number => (Math.sin(at * 12.9898) * 43_758.5453) % 1;

function secondOf(atS: number): RehearsalSecond {
  const leaving = Math.max(0, atS - RAMP_S - STAY_S + 1);
  const wanted = Math.round(Math.min(PEAK, (PEAK * atS) / RAMP_S) * (1 - leaving / LEAVE_S));
  const joins = atS === 0 || atS > RAMP_S ? 0 : PEAK / RAMP_S;
  const busy = wanted / PEAK;
  const wobble = Math.abs(noise(atS));
  return {
    atS,
    wanted,
    listeners: wanted,
    inLine: 0,
    serverListeners: wanted,
    tickets: 0,
    joins,
    resumes: 0,
    leaves: leaving > 0 ? PEAK / LEAVE_S : 0,
    refusals: 0,
    gaps: 0,
    dry: 0,
    latencyP50Ms: wanted === 0 ? null : 640 + 420 * busy + 30 * wobble,
    latencyP99Ms: wanted === 0 ? null : 1_240 + 900 * busy + 120 * wobble,
    joinP95Ms: joins === 0 ? null : 38 + 70 * busy + 12 * wobble,
    bytes: Math.round(wanted * 4_620),
    serverCpu: 0.08 + 0.78 * busy + (joins / 1_500) * 0.21 + 0.03 * wobble,
    edgeCpu: 0.01 + 0.11 * busy + 0.02 * wobble,
    generatorCpu: 0.06 + 0.62 * busy + 0.04 * wobble,
    loopDelayMs: 11 + 26 * busy * wobble,
    flushMs: busy > 0.6 ? 2_000 : 1_000,
    serverMemoryBytes: Math.round(4.1e8 + 3.6e8 * busy),
    ticksSkipped: 0,
  };
}

/** What held; `change` replaces whole fields. */
export function sampleResult(change: Partial<RehearsalResult> = {}): RehearsalResult {
  const seconds = Array.from({ length: SECONDS }, (_, atS) => secondOf(atS));
  const listenedSeconds = seconds.reduce((sum, second) => sum + second.listeners, 0);
  const bytes = seconds.reduce((sum, second) => sum + second.bytes, 0);
  return {
    v: 1,
    id: 'k3v9x2m7q4w8z1a5',
    beganAtMs: NOW_MS - SECONDS * 1_000,
    endedAtMs: NOW_MS,
    outcome: 'held',
    reason: 'Every promise held.',
    target: { url: 'http://127.0.0.1:8040', space: 'rehearsal', profile: 'steady' },
    scenario: {
      name: 'steady',
      about: 'Doors, a full house for three minutes, and everybody leaves.',
      scale: 1,
      speed: 1,
      text: 'listeners 60000\nramp 40s\nhold 180s\n',
    },
    server: SERVER,
    generator: {
      machine: SERVER.machine,
      processes: 4,
      sameMachine: true,
      cpuMean: 0.61,
      cpuMax: 0.74,
      loopDelayMaxMs: 22,
    },
    exercised: {
      listeners: PEAK,
      joinsPerS: 1_530,
      joinsPer10S: PEAK / RAMP_S,
      resumesPerS: 0,
      leavesPerS: PEAK / LEAVE_S,
      edgesKilled: 0,
      edgesReplaced: 0,
      seconds: SECONDS,
      listenedSeconds,
    },
    promises: [
      { promise: 'P1', measure: 'gaps', limit: 0, measured: 0, held: true },
      { promise: 'P1', measure: 'dry', limit: 0, measured: 0, held: true },
      { promise: 'P2', measure: 'join.first_audio.p95_s', limit: 2, measured: 0.118, held: true },
      { promise: 'P1', measure: 'latency.p99_s', limit: 4, measured: 2.26, held: true },
      { promise: 'P3', measure: 'ticks_skipped', limit: 0, measured: 0, held: true },
    ],
    saturated: 'cpu',
    latencyMs: { count: 2_400_000, p50: 1_060, p95: 1_890, p99: 2_260, max: 2_904 },
    joinMs: { count: PEAK, p50: 41, p95: 118, p99: 240, max: 611 },
    resumeMs: null,
    line: NO_LINE,
    mixer: {
      idle: { ticks: 250, meanMs: 0.82, p99MsAtMost: 5, later: 0 },
      loaded: { ticks: 9_000, meanMs: 1.9, p99MsAtMost: 10, later: 0 },
    },
    totals: {
      joins: PEAK,
      resumes: 0,
      leaves: PEAK,
      refusals: 0,
      chunks: Math.round(listenedSeconds * 5),
      bytes,
      gaps: 0,
      dry: 0,
      wrongBytes: 0,
    },
    cost: {
      serverCpuS: 186,
      egressBytes: bytes,
      memoryPerListenerBytes: 5_900,
      cpuPerListener: 0.000_013,
      cpuPerJoinS: 0.000_14,
    },
    seconds,
    events: [
      { atS: 0, what: 'The first listeners ask.' },
      { atS: RAMP_S, what: `${PEAK} listeners hear the programme.` },
      { atS: RAMP_S + STAY_S, what: 'Everybody leaves.' },
    ],
    ...change,
  };
}

/** The same house with one edge killed: some reconnect, and three of them hear a gap. */
export function brokenResult(): RehearsalResult {
  const held = sampleResult();
  const seconds = held.seconds.map((second) =>
    second.atS < 120 || second.atS > 123
      ? second
      : { ...second, resumes: 1_900, listeners: second.listeners - 900, refusals: 210, gaps: 1 },
  );
  return {
    ...held,
    outcome: 'broken',
    reason: 'Four listeners heard a gap after an edge was killed. The event loop was scarce.',
    scenario: { ...held.scenario, name: 'edge-crash' },
    exercised: { ...held.exercised, resumesPerS: 1_900, edgesKilled: 1 },
    promises: held.promises.map((one) =>
      one.measure === 'gaps' ? { ...one, measured: 4, held: false } : one,
    ),
    saturated: 'event-loop',
    resumeMs: { count: 7_600, p50: 410, p95: 1_800, p99: 3_100, max: 4_002 },
    totals: { ...held.totals, gaps: 4, resumes: 7_600, refusals: 840 },
    seconds,
    events: [...held.events, { atS: 120, what: 'An edge was killed.' }],
  };
}

/** A house with a line before it, and crowds of three sizes compared. */
export function fullResult(): RehearsalResult {
  const neighbour = { seconds: 40, joins: 240, latencyP99Ms: 800, gaps: 0 };
  const crowdOf = (factor: number, recoveryS: number | null): CrowdResult => ({
    factor,
    visitors: 2_000 * factor,
    listenersMax: 1_417,
    serverListenersMax: 1_551,
    reachedP99Ms: 140 * factor,
    gaps: 0,
    goodputS: 59_920,
    recoveryS,
    before: { ...neighbour, joinP95Ms: 11, apiP95Ms: 9 },
    during: { ...neighbour, joinP95Ms: 149, apiP95Ms: null },
  });
  const counts = { tickets: 18_969, byTicket: 603, gaveUp: 12, polls: 25_520, unanswered: 0 };
  const crowds = [crowdOf(1, 0), crowdOf(3, 26), crowdOf(10, null)];
  return sampleResult({ line: { ...NO_LINE, ...counts, capacity: 2_000, crowds } });
}
