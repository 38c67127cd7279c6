import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskRemovals } from './disk-removals.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'removals-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('removals on disk', () => {
  it('are known to every process at once, and to the next one', async () => {
    const stage = new DiskRemovals(dir, 0);
    const api = new DiskRemovals(dir, 0);
    await Promise.all([stage.add('talk', 'ben'), api.add('talk', 'eve'), api.add('other', 'cy')]);
    for (const reader of [stage, api, new DiskRemovals(dir, 0)]) {
      expect(await reader.has('talk', 'ben')).toBe(true);
      expect(await reader.has('talk', 'eve')).toBe(true);
      expect(await reader.has('talk', 'cy')).toBe(false);
      expect(await reader.has('elsewhere', 'ben')).toBe(false);
    }
  });

  it('are dropped when no pass from then counts any more', async () => {
    const before = new DiskRemovals(dir, 0);
    await before.add('old', 'ben');
    await before.add('new', 'ben');
    utimesSync(join(dir, 'old'), 1_000, 1_000);
    const after = new DiskRemovals(dir, 2_000_000);
    expect(await after.has('old', 'ben')).toBe(false);
    expect(await after.has('new', 'ben')).toBe(true);
  });

  it('are bounded: a full list forgets its older half, never the newest', async () => {
    const removals = new DiskRemovals(dir, 0);
    const long = 'x'.repeat(40_000);
    await removals.add('talk', `${long}1`);
    await removals.add('talk', `${long}2`);
    await removals.add('talk', 'ben');
    expect(await removals.has('talk', `${long}1`)).toBe(false);
    expect(await removals.has('talk', 'ben')).toBe(true);
  });
});
