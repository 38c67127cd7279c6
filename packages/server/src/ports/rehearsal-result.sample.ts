/** A rehearsal that held, as short as it can be. */
import type { RehearsalResult, ServerDescription } from '@parterre/protocol/rehearsal';

/** When it was looked at, ms since the Unix epoch. */
const NOW_MS = 1_800_000_000_000;

/** Of which server. */
export const SERVER: ServerDescription = {
  build: { version: '0.0.0', digest: 'ab'.repeat(32) },
  configuration: { edges: '2' },
  machine: {
    cpu: 'Example CPU',
    cores: 2,
    memoryBytes: 8e9,
    system: 'Linux 6.8',
    node: '26.10.0',
  },
  topology: { edges: 2, connectionsMaxPerEdge: 18_000, tls: false },
};

/** @param change replaces whole fields */
export function heldResult(change: Partial<RehearsalResult> = {}): RehearsalResult {
  const machine = SERVER.machine;
  return {
    v: 1,
    id: 'r'.repeat(16),
    beganAtMs: NOW_MS - 60_000,
    endedAtMs: NOW_MS - 1_000,
    outcome: 'held',
    reason: 'Every promise held.',
    target: { url: 'http://127.0.0.1:8040', space: 'demo', profile: 'steady' },
    scenario: { name: 'steady', about: 'A full house.', scale: 1, speed: 1, text: '' },
    server: SERVER,
    generator: {
      machine,
      processes: 2,
      sameMachine: true,
      cpuMean: 0.2,
      cpuMax: 0.3,
      loopDelayMaxMs: 9,
    },
    exercised: {
      listeners: 1_000,
      joinsPerS: 130,
      joinsPer10S: 100,
      resumesPerS: 0,
      leavesPerS: 0,
      edgesKilled: 0,
      edgesReplaced: 0,
      seconds: 59,
      listenedSeconds: 50_000,
    },
    promises: [{ promise: 'P1', measure: 'gaps', limit: 0, measured: 0, held: true }],
    saturated: 'none',
    latencyMs: { count: 9, p50: 1_000, p95: 1_500, p99: 2_000, max: 2_500 },
    joinMs: null,
    resumeMs: null,
    line: {
      capacity: null,
      listenersMax: 1_000,
      serverListenersMax: 1_000,
      reachedMs: null,
      goodputS: 50_000,
      tickets: 0,
      byTicket: 0,
      gaveUp: 0,
      placesLost: 0,
      overtaken: 0,
      polls: 0,
      unanswered: 0,
      crowds: [],
    },
    mixer: { idle: null, loaded: null },
    totals: {
      joins: 1_000,
      resumes: 0,
      leaves: 1_000,
      refusals: 0,
      chunks: 250_000,
      bytes: 1,
      gaps: 0,
      dry: 0,
      wrongBytes: 0,
    },
    cost: null,
    seconds: [],
    events: [],
    ...change,
  };
}
