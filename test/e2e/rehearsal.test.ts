/** `parterre rehearse` as an operator runs it: on a server of its own, which it also kills edges of. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import { afterAll, expect, test } from 'vitest';
import { until } from './support/server.ts';

const MAIN = join(import.meta.dirname, '../../packages/server/src/app/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'parterre-e2e-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs it to its end; `during` sees what it says as it goes on. */
async function rehearse(
  args: readonly string[],
  during: (
    said: () => string,
    kill: (signal: NodeJS.Signals) => void,
  ) => Promise<void> = async () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'rehearse', ...args], {
    env: { ...process.env, TMPDIR: folder },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await during(
    () => said,
    (signal) => child.kill(signal),
  );
  return { code: await ended, said };
}

function resultIn(file: string): RehearsalResult {
  return JSON.parse(readFileSync(file, 'utf8')) as RehearsalResult;
}

const leftBehind = (): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('parterre-rehearsal-'));

test('[P8] a steady house is rehearsed, with nothing left behind', async () => {
  const file = join(folder, 'steady.json');
  const flags = ['--listeners', '200', '--seconds', '5', '--profile', 'near', '--json', file];
  const { code, said } = await rehearse(['--scenario', 'steady', ...flags]);
  expect(code, said).toBe(0);
  const result = resultIn(file);
  expect(result).toMatchObject({ outcome: 'held', totals: { gaps: 0, dry: 0, wrongBytes: 0 } });
  expect(result.exercised.listeners).toBe(200);
  expect(result.totals.chunks).toBeGreaterThan(200 * 20);
  expect(result.latencyMs?.count).toBeGreaterThan(200 * 10);
  expect(leftBehind()).toEqual([]);
});

test('[P1] an edge that is killed costs its listeners nothing that they hear', async () => {
  const file = join(folder, 'crash.json');
  const flags = ['--listeners', '300', '--seconds', '18', '--json', file];
  const { said } = await rehearse(['--scenario', 'edge-crash', ...flags]);
  const { totals, exercised, events, resumeMs } = resultIn(file);
  expect(exercised.edgesKilled, said).toBe(1);
  expect(events.some(({ what }) => /edge-\d was killed/.test(what))).toBe(true);
  expect(totals.resumes).toBeGreaterThan(50);
  expect(totals, said).toMatchObject({ gaps: 0, dry: 0, wrongBytes: 0 });
  expect(resumeMs?.count).toBe(totals.resumes);
});

test('[P2] of a house that is too small nobody is let in beyond it, and everybody has a place', async () => {
  const file = join(folder, 'full.json');
  const crowd = [
    '--scenario',
    'stampede',
    '--speed',
    '10',
    '--listeners',
    '300',
    '--seconds',
    '14',
  ];
  const { said } = await rehearse([...crowd, '--capacity', '100', '--json', file]);
  const { line, totals, promises, exercised } = resultIn(file);
  expect(line, said).toMatchObject({ capacity: 100, overtaken: 0, placesLost: 0, unanswered: 0 });
  expect(exercised.listeners).toBeGreaterThan(60);
  expect(exercised.listeners).toBeLessThanOrEqual(100);
  expect(line.tickets).toBeGreaterThanOrEqual(200);
  expect(line.reachedMs?.count).toBe(300);
  expect(totals, said).toMatchObject({ gaps: 0, dry: 0, wrongBytes: 0 });
  const over = promises.find(({ measure }) => measure === 'admitted.over_capacity');
  expect(over).toMatchObject({ measured: 0, held: true });
});

test('Ctrl-C stops at once and leaves nothing', async () => {
  const { code, said } = await rehearse(['--listeners', '50'], async (heard, kill) => {
    await until(() => heard().includes('listeners 50/50'), 'listeners are in');
    kill('SIGINT');
  });
  expect(code, said).toBe(3);
  expect(said).toContain('STOPPED');
  expect(leftBehind()).toEqual([]);
});

test('words that cannot be meant are refused before anything is started', async () => {
  expect((await rehearse(['--scenario', 'stedy'])).code).toBe(2);
  expect((await rehearse(['--against-capacity', '1,3'])).said).toMatch(/needs --capacity/);
  expect((await rehearse(['--capacity', '200', '--against-capacity', '3,1'])).code).toBe(2);
  expect((await rehearse(['--capacity', '60'])).said).toMatch(
    /--capacity must be a number from 100/,
  );
  expect((await rehearse(['https://example.org/space'])).said).toMatch(/takes a permit/);
  const crash = await rehearse(['http://127.0.0.1:9/space', '--scenario', 'edge-crash']);
  expect(crash).toMatchObject({ code: 2, said: expect.stringMatching(/only on a server/) });
});
