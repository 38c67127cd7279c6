import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { PublicSpace } from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DiskLog } from '../adapters/disk/index.ts';
import { silentLog, systemRandom, systemTimers } from '../adapters/system/index.ts';
import { UnixControl, UnixFeed } from '../adapters/unix/index.ts';
import { recordsIn } from '../ports/programme-log.sample.ts';
import { endSeqOf, type ProgrammeRecord } from '../ports/programme-log.ts';
import { socketsOf } from './sockets.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;
const WAIT = { timeout: 20_000, interval: 20 };

const children: Child[] = [];
const opened: { close(): void }[] = [];
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pk-'));
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  for (const child of children.splice(0)) await kill(child);
  rmSync(dir, { recursive: true, force: true });
});

async function prepared(): Promise<Child> {
  const program = fileURLToPath(new URL('./programme.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const contentOf = (record: ProgrammeRecord): string =>
  record.kind === 'hole'
    ? `hole to ${record.endSeq}`
    : Buffer.concat([...record.frames, record.snapshot]).toString('base64');

describe('the programme process', () => {
  it('[P3] [P7] is killed in turn with its spare: one line of records, nothing said is lost', async () => {
    let [active, spare] = await Promise.all([prepared(), prepared()]);
    active.stdin.write('go\n');
    const client = {
      path: socketsOf(dir).programme,
      timers: systemTimers,
      random: systemRandom,
      log: silentLog,
    };
    const control = new UnixControl(client);
    const records: ProgrammeRecord[] = [];
    const spaces = new Map<string, PublicSpace>();
    const line = new UnixFeed(client).follow(
      {
        space: (space) => void spaces.set(space.id, space),
        removed: (spaceId) => void spaces.delete(spaceId),
        record: (_spaceId, _rendition, record) => void records.push(record),
      },
      10,
    );
    opened.push(control, line);
    await vi.waitFor(
      () =>
        control.plan({
          id: 'evening',
          title: 'An evening',
          host: 'Ada',
          doorsAtMs: 0,
          startsAtMs: 0,
          profile: 'near',
          rendition: 'voice',
          holdingSound: true,
        }),
      WAIT,
    );
    for (let round = 0; round < 3; round++) {
      const heard = records.length;
      await vi.waitFor(() => expect(records.length).toBeGreaterThan(heard + 5), WAIT);
      await kill(active);
      active = spare;
      active.stdin.write('go\n');
      spare = await prepared();
    }
    const heard = records.length;
    await vi.waitFor(() => expect(records.length).toBeGreaterThan(heard + 5), WAIT);
    expect(spaces.get('evening')?.state).toBe('live');
    await control.end('evening');
    await vi.waitFor(() => expect(spaces.get('evening')?.replayReady).toBe(true), WAIT);

    for (let index = 1; index < records.length; index++) {
      expect(records[index]!.seq).toBe(endSeqOf(records[index - 1]!));
      expect(records[index]!.epoch).toBeGreaterThanOrEqual(records[index - 1]!.epoch);
      const expectedMs = records[0]!.capturedAtMs + (records[index]!.seq - records[0]!.seq) * 200;
      expect(records[index]!.capturedAtMs).toBe(expectedMs);
    }
    expect(records.at(-1)!.epoch).toBe(4);
    const log = new DiskLog({ dir: join(dir, 'spaces'), log: silentLog });
    const kept = await recordsIn(log.read('evening', 'voice', 0, Number.MAX_SAFE_INTEGER));
    const onDisk = new Map(kept.map((record) => [record.seq, contentOf(record)]));
    for (const record of records) expect(onDisk.get(record.seq)).toBe(contentOf(record));
    const info = JSON.parse(readFileSync(join(dir, 'spaces/evening/replay.json'), 'utf8'));
    expect(info.durationMs).toBe(endSeqOf(records.at(-1)!) * 200);
  }, 90_000);

  it('refuses to go on air beside one that is alive, and touches nothing', async () => {
    const first = await prepared();
    first.stdin.write('go\n');
    await once(first.stdout, 'data');
    const second = spawn(
      process.execPath,
      [fileURLToPath(new URL('./programme.fixture.ts', import.meta.url)), dir],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    ) as unknown as Child;
    children.push(second);
    second.stdin.write('go\n');
    const [code] = await once(second, 'exit');
    expect(code).not.toBe(0);
    expect(existsSync(socketsOf(dir).programme)).toBe(true);
  }, 60_000);
});
