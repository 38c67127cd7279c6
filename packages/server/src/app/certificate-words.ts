/** A capacity certificate in plain words, for the terminal. Pure. */
import type { Certificate } from '@parterre/protocol/certificate';
import type { Percentiles } from '@parterre/protocol/rehearsal';
import type { Standing } from '@parterre/rehearsal/certificate';

const HEADINGS = {
  valid: 'VALID',
  stale: 'STALE',
  expired: 'EXPIRED',
  forged: 'NOT GENUINE',
} as const;

export function standingText({ state, words }: Pick<Standing, 'state' | 'words'>): string {
  return `${HEADINGS[state]}. ${words}\n`;
}

export function certificateWords({ payload }: Certificate): string {
  const { capacity, server, rehearsal, exercised, promises } = payload;
  const { machine, topology, build } = server;
  const timed: readonly (readonly [string, Percentiles | null])[] = [
    ['Delivery delay', payload.latencyMs],
    ['Wait for the first sound', payload.joinMs],
    ['Without a connection', payload.resumeMs],
  ];
  const lines = [
    `Capacity certificate ${payload.id} of ${payload.issuer}`,
    `  ${capacity.listeners} listeners at once and ${capacity.joinsPerS} joins a second were verified as held.`,
    '',
    `  Issued      ${dateOf(payload.issuedAtMs)}, expires ${dateOf(payload.expiresAtMs)}; brought by the ${BROUGHT[payload.broughtBy]}`,
    `  Rehearsal   ${rehearsal.scenario} (${rehearsal.profile}), scale ${rehearsal.scale}, speed ${rehearsal.speed}, ${exercised.seconds} s`,
    `  Exercised   ${exercised.joinsPerS} joins, ${exercised.resumesPerS} reconnections and ${exercised.leavesPerS} departures in one second at most`,
    `              ${exercised.edgesKilled} edges killed, ${exercised.edgesReplaced} replaced`,
    `  Scarce      ${payload.saturated}`,
    `  Build       ${build.version} ${build.digest.slice(0, 16)}…`,
    `  Machine     ${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB, ${machine.system}`,
    `  Topology    ${topology.edges} edges of up to ${topology.connectionsMaxPerEdge} connections, ${topology.tls ? 'TLS' : 'no TLS'}`,
    `  Generator   ${rehearsal.generator.processes} processes on ${rehearsal.generator.sameMachine ? 'the same machine' : 'another machine'}`,
    `  Key         ${payload.key}`,
    '',
    '  Promises',
    ...promises.map(
      ({ promise, measure, limit, measured }) =>
        `    ${promise}  ${measure.padEnd(28)} ${measured} of at most ${limit}`,
    ),
    ...timed.flatMap(([name, of]) =>
      of === null
        ? []
        : `  ${name}: p50 ${ms(of.p50)}, p95 ${ms(of.p95)}, p99 ${ms(of.p99)}, longest ${ms(of.max)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const BROUGHT = {
  owner: 'owner',
  permit: 'holder of a permit',
  machine: 'machine itself',
} as const;

const dateOf = (atMs: number): string =>
  new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
const ms = (value: number): string => `${Math.round(value)} ms`;
