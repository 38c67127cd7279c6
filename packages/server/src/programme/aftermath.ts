/**
 * Spaces that ended a moment ago: their records stay for AFTERMATH_MS, so that readers that were away still
 * get the end, also from the next process.
 */
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { ProgrammeLog } from '../ports/programme-log.ts';
import type { Feed } from './feed.ts';
import { readTail } from './opening.ts';

const AFTERMATH_MS = 120_000;

export interface AftermathOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly programmeLog: ProgrammeLog;
  readonly log: Log;
}

export class Aftermath {
  private readonly options: AftermathOptions;
  private readonly feed: Feed;
  private readonly ending = new Map<string, Timer>();

  constructor(options: AftermathOptions, feed: Feed) {
    this.options = options;
    this.feed = feed;
  }

  /** Gives readers again what an earlier process has ended. */
  async takeUp(plans: readonly KeptPlan[]): Promise<void> {
    const { clock, programmeLog, log } = this.options;
    for (const { plan, endSeq, endedAtMs } of plans) {
      if (endSeq === null || clock.wallMs() - endedAtMs! > AFTERMATH_MS) continue;
      for (const record of await readTail(programmeLog, plan, endSeq, log)) {
        this.feed.append(plan.id, plan.rendition, record);
      }
      this.begin(plan.id);
    }
  }

  /** The space has ended: its records go later. */
  begin(spaceId: string): void {
    this.forget(spaceId);
    const timer = this.options.timers.after(AFTERMATH_MS, () => {
      this.ending.delete(spaceId);
      this.feed.forgetRecords(spaceId);
    });
    this.ending.set(spaceId, timer);
  }

  /** The space is gone; one that is made anew under its name keeps its records. */
  forget(spaceId: string): void {
    this.ending.get(spaceId)?.cancel();
    this.ending.delete(spaceId);
  }
}
