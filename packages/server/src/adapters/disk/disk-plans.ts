/**
 * Plans as files: `{dir}/{space}/plan.json`, replaced as a whole (draft, fsync, rename, fsync of the
 * folder). Saves of one space happen one after another in the order they were asked for.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SPACE_ID } from '@parterre/protocol';
import { ENTRANTS_FILE } from '../../ports/entrants.ts';
import type { Log } from '../../ports/log.ts';
import type { KeptPlan, PlanStore } from '../../ports/plan-store.ts';
import { DRAW_FILE } from './disk-entrants.ts';
import { diskError } from './errors.ts';

const FILE = 'plan.json';
const VERSION = 1;

export interface DiskPlansOptions {
  /** Holds one folder per space. */
  readonly dir: string;
  readonly log: Log;
}

export class DiskPlans implements PlanStore {
  private readonly options: DiskPlansOptions;
  private readonly saving = new Map<string, Promise<void>>();

  constructor(options: DiskPlansOptions) {
    this.options = options;
  }

  load(): readonly KeptPlan[] {
    const { dir } = this.options;
    mkdirSync(dir, { recursive: true });
    return readdirSync(dir)
      .filter((name) => SPACE_ID.test(name))
      .map((name) => this.read(name))
      .filter((kept) => kept !== null);
  }

  save(kept: KeptPlan): Promise<void> {
    const spaceId = kept.plan.id;
    return this.next(spaceId, () =>
      this.write(spaceId, JSON.stringify({ version: VERSION, ...kept })),
    );
  }

  remove(spaceId: string): Promise<void> {
    return this.next(spaceId, async () => {
      const folder = join(this.options.dir, spaceId);
      for (const file of [FILE, ENTRANTS_FILE, DRAW_FILE])
        await rm(join(folder, file), { force: true });
      await rmdir(folder).catch(() => {}); // not empty, or never made
    });
  }

  private next(spaceId: string, work: () => Promise<void>): Promise<void> {
    const before = this.saving.get(spaceId) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.saving.set(spaceId, mine);
    const done = (): void => {
      if (this.saving.get(spaceId) === mine) this.saving.delete(spaceId);
    };
    mine.then(done, done);
    return mine;
  }

  private async write(spaceId: string, text: string): Promise<void> {
    const folder = join(this.options.dir, spaceId);
    const draft = join(folder, `${FILE}.draft`);
    try {
      await mkdir(folder, { recursive: true });
      await writeDurably(draft, text);
      await rename(draft, join(folder, FILE));
      await syncFolder(folder);
      await syncFolder(this.options.dir);
    } catch (error) {
      throw diskError(error);
    }
  }

  private read(spaceId: string): KeptPlan | null {
    const path = join(this.options.dir, spaceId, FILE);
    try {
      const { version, ...kept } = JSON.parse(readFileSync(path, 'utf8')) as KeptPlan & {
        version: unknown;
      };
      if (version !== VERSION || kept.plan?.id !== spaceId)
        throw new Error('not a plan of this space');
      return kept;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.options.log.error({ spaceId, error: String(error) }, 'plan cannot be read');
      }
      return null;
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder survive power loss. */
export async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
