/**
 * Time in a simulation: one thread, one queue of events, no real clock. Events run in the order of their
 * times, equal times in the order in which they were asked for; after each one every promise that can
 * settle has settled. Invariant: nothing outside the queue makes time pass.
 */
import type { Clock, Timer, Timers } from '../../server/src/ports/clock.ts';

interface Event {
  readonly atMs: number;
  readonly order: number;
  task: (() => void) | null;
}

export class World {
  private readonly settled: () => Promise<void>;
  private readonly queue: Event[] = [];
  private orderLast = 0;
  private nowMs: number;
  private wallOffsetMs: number;
  /** What happened, in order: compared between two runs of one seed. */
  readonly trace: string[] = [];

  /** @param settled resolves once every promise that does not wait for an event has settled */
  constructor(settled: () => Promise<void>, monotonicMs = 1_000_000, wallMs = 1_800_000_000_000) {
    this.settled = settled;
    this.nowMs = monotonicMs;
    this.wallOffsetMs = wallMs - monotonicMs;
  }

  readonly clock: Clock = {
    monotonicMs: () => this.nowMs,
    wallMs: () => this.nowMs + this.wallOffsetMs,
  };

  readonly timers: Timers = {
    after: (delayMs, task) => this.at(this.nowMs + Math.max(0, delayMs), task),
    every: (intervalMs, task) => {
      let timer = this.timers.after(intervalMs, run);
      const { timers } = this;
      function run(): void {
        timer = timers.after(intervalMs, run);
        task();
      }
      return { cancel: () => timer.cancel() };
    },
  };

  /** The wall clock jumps; monotonic time does not notice. */
  stepWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** Nothing runs for this long, as when a process is stopped: what was due runs late. */
  stall(forMs: number): void {
    this.nowMs += forMs;
  }

  note(text: string): void {
    this.trace.push(`${this.nowMs.toFixed(3)} ${text}`);
  }

  /** Runs every event up to `untilMs` from now; `step` after each. */
  async run(forMs: number, step: () => void = () => {}): Promise<void> {
    const endMs = this.nowMs + forMs;
    for (;;) {
      await this.settled();
      const event = this.queue[0];
      if (event === undefined || event.atMs > endMs) break;
      this.queue.shift();
      if (event.task === null) continue;
      this.nowMs = Math.max(this.nowMs, event.atMs);
      event.task();
      await this.settled();
      step();
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  private at(atMs: number, task: () => void): Timer {
    const event: Event = { atMs, order: ++this.orderLast, task };
    let low = 0;
    for (let high = this.queue.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.queue[middle]!.atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    this.queue.splice(low, 0, event);
    return {
      cancel: () => {
        event.task = null;
      },
    };
  }
}
