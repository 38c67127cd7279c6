/** What the stage counts, for `/metrics`; plain numbers, so that counting costs nothing. */
import type { ErrorCode } from '@parterre/protocol';

export class StageCounters {
  packetsIn = 0;
  packetsOut = 0;
  packetsInvalid = 0;
  joins = 0;
  resumes = 0;
  reconnects = 0;
  readonly refusals = new Map<ErrorCode, number>();

  refused(code: ErrorCode): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}
