/**
 * Keeps what becomes of plans. The programme goes on whatever the disk says: what could not be kept is
 * tried again every RETRY_MS, always with the newest state of the space.
 */
import type { Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { KeptPlan, PlanStore } from '../ports/plan-store.ts';

const RETRY_MS = 1_000;

export interface PlanKeepingOptions {
  readonly plans: PlanStore;
  readonly timers: Timers;
  readonly log: Log;
}

export class PlanKeeping {
  private readonly options: PlanKeepingOptions;
  /** The newest state of each space that is not known to be kept. */
  private readonly wanted = new Map<string, KeptPlan>();
  private closed = false;

  constructor(options: PlanKeepingOptions) {
    this.options = options;
  }

  /** Resolves once the state is kept or its keeping has been put off; never rejects. */
  async keep(kept: KeptPlan): Promise<void> {
    const spaceId = kept.plan.id;
    const { plans, log, timers } = this.options;
    this.wanted.set(spaceId, kept);
    try {
      await plans.save(kept);
      if (this.wanted.get(spaceId) === kept) this.wanted.delete(spaceId);
    } catch (error) {
      log.error({ spaceId, error: String(error) }, 'plan could not be kept; tried again');
      timers.after(RETRY_MS, () => {
        if (!this.closed && this.wanted.get(spaceId) === kept) void this.keep(kept);
      });
    }
  }

  /** The space is gone. */
  forget(spaceId: string): void {
    this.wanted.delete(spaceId);
  }

  close(): void {
    this.closed = true;
  }
}
