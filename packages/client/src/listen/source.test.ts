import { initSegment, wrapFragment } from '@parterre/media/fmp4';
import { describe, expect, it } from 'vitest';
import { stallMs } from './backoff.ts';
import { OwnSource, type SourceReport } from './source.ts';
import type { System } from './system.ts';

/** A house with one listener, on a clock that is turned by hand. */
class Listener {
  nowMs = 0;
  asked = 0;
  answers = true;
  readonly reports: SourceReport[] = [];
  readonly heard: number[] = [];
  readonly source: OwnSource;
  #timers: { atMs: number; fire: () => void }[] = [];
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor() {
    const system: System = {
      monotonicMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      random: () => 0,
      after: (ms, fire) => {
        const timer = { atMs: this.nowMs + ms, fire };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        };
      },
      fetch: async () => {
        this.asked += 1;
        if (!this.answers) return new Promise<Response>(() => {});
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            this.#body = controller;
            controller.enqueue(initSegment(1));
          },
        });
        return new Response(body, { headers: { 'content-type': 'audio/mp4' } });
      },
    };
    this.source = new OwnSource(
      { space: 'talk', bases: [''], profile: 'near', system },
      {
        init: () => {},
        fragment: ({ seq }) => this.heard.push(seq),
        rewound: () => {},
        report: (report) => this.reports.push(report),
      },
    );
  }

  get lost(): readonly string[] {
    return this.reports.flatMap((report) => (report.kind === 'lost' ? [report.reason] : []));
  }

  send(seq: number): void {
    const frames = Array.from({ length: 10 }, () => new Uint8Array([0xfc, 1, 2]));
    const fragment = { seq, capturedAtMs: seq * 200, frames, snapshot: new Uint8Array() };
    this.#body?.enqueue(wrapFragment(fragment));
  }

  /** Time passes as in a page that runs: reads happen, and each timer when it is due. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      await settle();
      this.nowMs = Math.min(endMs, this.nowMs + 10);
      this.fireDue();
    }
    await settle();
  }

  /** What is due fires in one go, before anything that waits to be read. */
  fireDue(): void {
    const due = this.#timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { fire } of due) fire();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const STALL_MS = stallMs('near');

describe('a connection to the live lane', () => {
  it('[P1] is kept when the page was held up and the bytes are only waiting to be read', async () => {
    const listener = new Listener();
    listener.source.start(null);
    await listener.pass(20);
    listener.send(1);
    await listener.pass(100);
    listener.nowMs += STALL_MS * 3;
    listener.send(2);
    listener.fireDue();
    await listener.pass(STALL_MS / 2);
    expect(listener.heard).toEqual([1, 2]);
    expect(listener.lost).toEqual([]);
    expect(listener.asked).toBe(1);
  });

  it('is kept when its answer came while the page was held up', async () => {
    const listener = new Listener();
    listener.source.start(null);
    listener.nowMs += 60_000;
    listener.fireDue();
    await listener.pass(STALL_MS / 2);
    expect(listener.lost).toEqual([]);
    expect(listener.asked).toBe(1);
  });

  it('is replaced when it is silent, held up or not', async () => {
    const listener = new Listener();
    listener.source.start(null);
    await listener.pass(20);
    await listener.pass(STALL_MS + 500);
    expect(listener.lost).toEqual(['stalled']);
    expect(listener.asked).toBe(2);
    listener.nowMs += 60_000;
    listener.fireDue();
    await listener.pass(500);
    expect(listener.lost).toEqual(['stalled', 'stalled']);
  });

  it('is replaced when it does not answer', async () => {
    const listener = new Listener();
    listener.answers = false;
    listener.source.start(null);
    await listener.pass(12_000);
    expect(listener.lost[0]).toBe('stalled');
    expect(listener.asked).toBeGreaterThan(1);
  });
});
