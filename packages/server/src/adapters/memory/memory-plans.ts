/** Plans and recordings in memory, for tests and simulation. What was saved is kept as the disk would. */
import type { KeptPlan, PlanStore } from '../../ports/plan-store.ts';
import type { RecordingFile, RecordingStore, ReplayFile } from '../../ports/recordings.ts';

export class MemoryPlans implements PlanStore {
  private readonly kept = new Map<string, string>();

  load(): readonly KeptPlan[] {
    return [...this.kept.values()].map((text) => JSON.parse(text) as KeptPlan);
  }

  async save(kept: KeptPlan): Promise<void> {
    this.kept.set(kept.plan.id, JSON.stringify(kept));
  }

  async remove(spaceId: string): Promise<void> {
    this.kept.delete(spaceId);
  }
}

export class MemoryRecordings implements RecordingStore {
  /** `{space}/{file}` of everything committed. */
  readonly files = new Map<string, Uint8Array>();

  async create(spaceId: string, file: ReplayFile): Promise<RecordingFile> {
    const parts: Uint8Array[] = [];
    return {
      write: async (bytes) => void parts.push(Uint8Array.from(bytes)),
      commit: async () => void this.files.set(`${spaceId}/${file}`, Buffer.concat(parts)),
      abort: async () => {},
    };
  }

  async remove(spaceId: string): Promise<void> {
    for (const name of [...this.files.keys()]) {
      if (name.startsWith(`${spaceId}/`)) this.files.delete(name);
    }
  }
}
