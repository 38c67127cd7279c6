import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entrantsContract } from '../../ports/entrants.contract.ts';
import { DiskEntrants } from './disk-entrants.ts';

entrantsContract(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'parterre-entrants-'));
  mkdirSync(join(dir, 'spaces', 'evening'), { recursive: true });
  return [new DiskEntrants(dir, 'a'), new DiskEntrants(dir, 'b')];
});
