import { initSegment, wrapFragment } from '@parterre/media/fmp4';
import { describe, expect, it } from 'vitest';
import { type Channel, type Locks, SharedSource } from './share.ts';
import type { SourceReport } from './source.ts';
import type { System } from './system.ts';

/** One browser: locks and channels as its tabs see them, a clock that is turned by hand, a house. */
class Browser {
  nowMs = 0;
  #timers: { atMs: number; fire: () => void }[] = [];
  readonly #channels = new Set<{ name: string; channel: Channel }>();
  readonly #queues = new Map<string, (() => void)[]>();
  readonly asked: string[] = [];
  readonly responses: ReadableStreamDefaultController<Uint8Array>[] = [];

  readonly system: System = {
    monotonicMs: () => this.nowMs,
    wallMs: () => this.nowMs,
    random: () => Math.random(),
    after: (ms, fire) => {
      const timer = { atMs: this.nowMs + ms, fire };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      };
    },
    fetch: async (url, { signal }) => {
      this.asked.push(url.replace(/[?&]session=[^&]+$/, ''));
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(initSegment(1));
          this.responses.push(controller);
          signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
        },
      });
      return new Response(body, { headers: { 'content-type': 'audio/mp4' } });
    },
  };

  openChannel = (name: string): Channel => {
    const channel: Channel = {
      onmessage: null,
      postMessage: (word) => {
        for (const other of this.#channels) {
          if (other.name !== name || other.channel === channel) continue;
          const data = structuredClone(word);
          queueMicrotask(() => other.channel.onmessage?.({ data } as MessageEvent));
        }
      },
      close: () => {
        for (const each of this.#channels)
          if (each.channel === channel) this.#channels.delete(each);
      },
    };
    this.#channels.add({ name, channel });
    return channel;
  };

  readonly locks: Locks = {
    request: (name, { signal }, hold) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      return new Promise((resolve, reject) => {
        const turn = (): void => {
          void hold().then(() => {
            queue.shift();
            queue[0]?.();
            resolve(undefined);
          });
        };
        signal.addEventListener('abort', () => {
          const at = queue.indexOf(turn);
          if (at > 0) queue.splice(at, 1);
          if (at !== 0) reject(new Error('aborted'));
        });
        queue.push(turn);
        if (queue.length === 1) turn();
      });
    },
  };

  async turn(ms: number): Promise<void> {
    this.nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { fire } of due) fire();
    await settle();
  }

  async send(seq: number): Promise<void> {
    const frames = [Uint8Array.of(0xf8, seq & 0xff)];
    const fragment = { seq, capturedAtMs: seq * 200, frames, snapshot: new Uint8Array() };
    this.responses.at(-1)!.enqueue(wrapFragment(fragment));
    await settle();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

class Tab {
  readonly heard: number[] = [];
  readonly reports: SourceReport[] = [];
  packets = 0;
  leads: boolean | null = null;
  readonly source: SharedSource;

  constructor(browser: Browser) {
    const { system, locks, openChannel } = browser;
    this.source = new SharedSource(
      {
        space: 'demo',
        bases: ['http://house'],
        profile: 'near',
        system,
        locks,
        openChannel,
        led: (leads) => {
          this.leads = leads;
        },
      },
      {
        init: () => {},
        fragment: (fragment) => {
          this.heard.push(fragment.seq);
          this.packets += fragment.frames().length;
        },
        rewound: () => {},
        report: (report) => this.reports.push(report),
      },
    );
  }
}

describe('one connection for all tabs', () => {
  it('hands every chunk to every tab, in order, with one request', async () => {
    const browser = new Browser();
    const [a, b] = [new Tab(browser), new Tab(browser)];
    a.source.start(null);
    await settle();
    await browser.send(10);
    b.source.start(null);
    await settle();
    for (const seq of [11, 12, 13]) await browser.send(seq);
    expect(browser.asked).toEqual(['http://house/live/demo?profile=near']);
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect(a.heard).toEqual([10, 11, 12, 13]);
    expect(b.heard).toEqual([10, 11, 12, 13]);
    expect(b.packets).toBe(4);
  });

  it('[P1] another tab goes on from the next sequence when the leader leaves', async () => {
    const browser = new Browser();
    const [a, b] = [new Tab(browser), new Tab(browser)];
    a.source.start(null);
    await settle();
    await browser.send(10);
    b.source.start(null);
    await settle();
    a.source.stop();
    await settle();
    expect(browser.asked[1]).toBe('http://house/live/demo?from=11&profile=near');
    await browser.send(11);
    expect(b.heard).toEqual([10, 11]);
    expect(b.leads).toBe(true);
  });

  it('a tab whose leader says nothing connects by itself', async () => {
    const browser = new Browser();
    const [a, b] = [new Tab(browser), new Tab(browser)];
    browser.openChannel = ((open) => (name: string) => {
      const channel = open(name);
      return { ...channel, postMessage: () => {}, close: () => channel.close() };
    })(browser.openChannel) as typeof browser.openChannel;
    a.source.start(null);
    await settle();
    b.source.start(null);
    await browser.turn(500);
    expect(browser.asked).toHaveLength(2);
    expect(b.leads).toBe(true);
  });
});
