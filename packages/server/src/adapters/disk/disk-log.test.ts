import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logContract } from '../../ports/programme-log.contract.ts';
import { logChunk, recordsIn } from '../../ports/programme-log.sample.ts';
import { endSeqOf, type LogWriter, type ProgrammeRecord } from '../../ports/programme-log.ts';
import { silentLog } from '../system/index.ts';
import { DiskLog } from './index.ts';
import { measureSegment, recordsOf } from './segment.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pl-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (): DiskLog => new DiskLog({ dir, log: silentLog });
const writer = (notBefore = 0): Promise<LogWriter> =>
  open().openWriter('evening', 'voice', notBefore, 1e12);
const append = (to: LogWriter, count: number): void => {
  for (let done = 0; done < count; done++) to.append(logChunk(to.nextSeq, to.epoch));
};
const readAll = (): Promise<ProgrammeRecord[]> =>
  recordsIn(open().read('evening', 'voice', 0, Number.MAX_SAFE_INTEGER));
const unbroken = (records: readonly ProgrammeRecord[]): void => {
  for (let index = 1; index < records.length; index++) {
    expect(records[index]!.seq).toBe(endSeqOf(records[index - 1]!));
  }
};

logContract('on disk', async () => ({ open, close: async () => {} }));

describe('DiskLog', () => {
  const file = (): string => join(dir, 'evening', 'voice', '0.log');

  it('[P7] cuts off a torn end, wherever it is torn, and loses no whole record', async () => {
    const first = await writer();
    append(first, 12);
    await first.close();
    const whole = readFileSync(file());
    const lengths = [...recordsOf(whole, 0)].length;
    expect(lengths).toBe(12);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length }), async (cut) => {
        writeFileSync(file(), whole);
        truncateSync(file(), cut);
        const kept = [...recordsOf(whole.subarray(0, cut), 0)].length;
        const again = await writer();
        expect(again.nextSeq).toBe(kept);
        append(again, 2);
        await again.close();
        const records = await readAll();
        expect(records).toHaveLength(kept + 2);
        unbroken(records);
      }),
      { numRuns: 60 },
    );
  });

  it('[P7] serves what else there is when a file cannot be read, a hole in its place', async () => {
    const first = await writer();
    append(first, 700);
    await first.close();
    const harmed = join(dir, 'evening', 'voice', '300.log');
    rmSync(harmed);
    mkdirSync(harmed); // nothing can be read from it
    const records = await readAll();
    unbroken(records);
    expect(records).toHaveLength(401);
    expect(records[300]).toMatchObject({ kind: 'hole', seq: 300, endSeq: 600 });
  });

  it('[P7] survives any bytes in a log file: never throws, never serves a record that was not written', async () => {
    const first = await writer();
    append(first, 6);
    await first.close();
    const whole = readFileSync(file());
    const edit = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ maxLength: 60 }),
        (edits, tail) => {
          const harmed = Buffer.concat([whole, tail]);
          for (const { at, bytes } of edits) harmed.set(bytes.subarray(0, harmed.length - at), at);
          for (const record of recordsOf(harmed, 0)) {
            const sample = logChunk(record.seq, record.epoch);
            if (record.kind !== 'chunk') throw new Error('a hole from nowhere');
            expect(record.frames.map((f) => [...f])).toEqual(sample.frames.map((f) => [...f]));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('[P3] reads what a harmed file in the middle lost as a hole', async () => {
    const first = await writer();
    append(first, 650);
    await first.close();
    truncateSync(join(dir, 'evening', 'voice', '300.log'), 1_000);
    const records = await readAll();
    unbroken(records);
    expect(records.filter(({ kind }) => kind === 'hole')).toMatchObject([{ endSeq: 600 }]);
    expect(endSeqOf(records.at(-1)!)).toBe(650);
  });

  it('begins a new file about every minute', async () => {
    const first = await writer();
    append(first, 601);
    await first.close();
    const names = readdirSync(join(dir, 'evening', 'voice')).sort();
    expect(names).toEqual(['0.log', '300.log', '600.log', 'epoch']);
  });

  it('forgets a file that was begun and never written to', async () => {
    const first = await writer();
    append(first, 3);
    await first.close();
    writeFileSync(join(dir, 'evening', 'voice', '3.log'), '');
    const again = await writer();
    expect(again.nextSeq).toBe(3);
    append(again, 1);
    await again.close();
  });

  it('takes its epoch from the records when the epoch file is lost', async () => {
    for (let round = 0; round < 3; round++) {
      const one = await writer();
      append(one, 1);
      await one.close();
    }
    writeFileSync(join(dir, 'evening', 'voice', 'epoch'), '');
    const again = await writer();
    expect(again.epoch).toBe(4);
    await again.close();
  });

  it('[P7] loses nothing that was acknowledged before kill -9', async () => {
    let acknowledged = -1;
    let epoch = 0;
    for (let round = 0; round < 4; round++) {
      const program = fileURLToPath(new URL('./append-forever.fixture.ts', import.meta.url));
      const child = spawn(process.execPath, [program, dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise<void>((resolve) => {
        let text = '';
        child.stdout.on('data', (piece: Buffer) => {
          text += piece.toString();
          const lines = text.split('\n').slice(0, -1);
          // Each round is killed at another point: somewhere in the middle of writing.
          if (lines.length > 40 + 300 * round) child.kill('SIGKILL');
        });
        child.stdout.on('end', () => {
          const last = text.split('\n').slice(0, -1).at(-1)!;
          acknowledged = Number(last.split(' ')[0]);
          expect(Number(last.split(' ')[1])).toBeGreaterThan(epoch);
          epoch = Number(last.split(' ')[1]);
          resolve();
        });
      });
      const records = await readAll();
      unbroken(records);
      expect(endSeqOf(records.at(-1)!)).toBeGreaterThan(acknowledged);
      for (const record of records) {
        const sample = logChunk(record.seq, record.epoch);
        expect(record).toMatchObject({ kind: 'chunk', peak: sample.peak });
      }
    }
  });
});

describe('DiskLog on a full disk', () => {
  let mount: string | null = null;
  beforeEach(() => {
    const at = mkdtempSync(join(tmpdir(), 'pf-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', at], { stdio: 'ignore' });
      mount = at;
    } catch {
      rmSync(at, { recursive: true });
      mount = null;
    }
  });
  afterEach(() => {
    if (mount === null) return;
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  });

  it('[P7] says disk_full, leaves nothing half written, and goes on when there is space', async (context) => {
    if (mount === null) return context.skip('needs the right to mount a small tmpfs');
    const ballast = join(mount, 'ballast');
    writeFileSync(ballast, Buffer.alloc(64 * 1024));
    const log = new DiskLog({ dir: mount, log: silentLog });
    const one = await log.openWriter('evening', 'voice', 0, 1e12);
    const fill = (): void => append(one, 100_000);
    expect(fill).toThrow(expect.objectContaining({ code: 'disk_full', detail: 'ENOSPC' }));
    const full = one.nextSeq;
    expect(full).toBeGreaterThan(100);
    expect(fill).toThrow(expect.objectContaining({ code: 'disk_full' }));
    expect(one.nextSeq).toBe(full);
    const names = readdirSync(join(mount, 'evening', 'voice')).filter((name) =>
      name.endsWith('.log'),
    );
    for (const name of names) {
      const bytes = readFileSync(join(mount, 'evening', 'voice', name));
      expect(measureSegment(bytes, Number.parseInt(name, 10)).wholeBytes).toBe(bytes.length);
    }
    expect(await log.extent('evening', 'voice')).toEqual({ firstSeq: 0, nextSeq: full });
    rmSync(ballast);
    append(one, 20);
    await one.close();
    const records = await recordsIn(log.read('evening', 'voice', 0, 1e9));
    expect(records).toHaveLength(full + 20);
    unbroken(records);
  });

  it('says disk_full when it cannot even open', async (context) => {
    if (mount === null) return context.skip('needs the right to mount a small tmpfs');
    expect(() => appendFileSync(join(mount!, 'ballast'), Buffer.alloc(1024 * 1024))).toThrow(
      /ENOSPC/,
    );
    const log = new DiskLog({ dir: mount, log: silentLog });
    await expect(log.openWriter('evening', 'voice', 5, 1e12)).rejects.toMatchObject({
      code: 'disk_full',
    });
  });
});
