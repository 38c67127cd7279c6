import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createLog } from './index.ts';

describe('createLog', () => {
  for (const pretty of [false, true]) {
    it(`writes what it is given, from its level up (${pretty ? 'readable' : 'JSON'})`, async () => {
      const dir = mkdtempSync(join(tmpdir(), 'log-'));
      const path = join(dir, 'out');
      const log = createLog({ level: 'info', part: 'programme', pretty, fd: openSync(path, 'a') });
      log.debug({}, 'not this');
      log.child({ space: 'evening' }).info({ seq: 7 }, 'doors are open');
      await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('doors are open'));
      const text = readFileSync(path, 'utf8');
      expect(text).not.toContain('not this');
      expect(text).toContain('programme');
      expect(text).toContain('evening');
      rmSync(dir, { recursive: true });
    });
  }
});
