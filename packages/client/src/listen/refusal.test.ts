/** What a source does when the house says no: waits as long as it is asked to, and takes its place in line. */
import type { NowServing } from '@parterre/protocol';
import { describe, expect, it, vi } from 'vitest';
import { Queue } from '../waiting/index.ts';
import { OwnSource, type SourceReport } from './source.ts';
import type { System } from './system.ts';

const RETRY_AFTER_S = 30;

function refusal(status: number, code: string): Response {
  const headers = { 'retry-after': String(RETRY_AFTER_S) };
  return Response.json({ error: { code } }, { status, headers });
}

/** A house that answers the live lane with `live`, and whose line stands open for whoever has second 1. */
function aHouse(live: (url: string) => Response, random = 0.5) {
  const asked: string[] = [];
  const waits: number[] = [];
  const reports: SourceReport[] = [];
  let fire: (() => void) | null = null;
  const system: System = {
    monotonicMs: () => 0,
    wallMs: () => 0,
    random: () => random,
    after: (ms, task) => {
      waits.push(ms);
      fire = task;
      return () => {};
    },
    fetch: async (url, { method }) => {
      asked.push(url.replace(/[?&]session=[^&]+$/, ''));
      if (url.includes('/live/') || url.includes('/hls/')) return live(url);
      const front = { second: 1, rank: 2 };
      const document = { open: true, front, perMinute: 1, waiting: 1, seconds: [] };
      const ticket = { ticket: 'T', id: 'i', second: 1, rank: 1, expiresAtMs: 1e12 };
      return Response.json(method === 'POST' ? ticket : (document as unknown as NowServing));
    },
  };
  const queue = new Queue('talk', system);
  const options = {
    space: 'talk',
    bases: ['http://h'],
    profile: null,
    system,
    queue,
    seat: 'SEAT',
  };
  const source = new OwnSource(options, {
    init: () => {},
    fragment: () => {},
    rewound: () => {},
    report: (report) => reports.push(report),
  });
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) await new Promise((done) => setImmediate(done));
  };
  return { asked, waits, reports, source, queue, settled, passes: () => fire?.() };
}

/** A cache with one segment, and whose list says that the live lane takes newcomers. */
function aCache(): (url: string) => Response {
  const text = '#EXTM3U\n#EXT-X-MAP:URI="run/init-1.mp4"\nrun/0.m4s\n';
  const headers = { 'content-type': 'application/vnd.apple.mpegurl' };
  return (url) => {
    if (url.endsWith('/opus/index.m3u8'))
      return new Response(text, { headers: { ...headers, 'parterre-lane': 'profile=far&room=1' } });
    if (url.endsWith('.m3u8')) {
      const list = new Response('#EXTM3U', { headers });
      return Object.defineProperty(list, 'url', { value: 'http://h/hls/talk/index.m3u8' });
    }
    return new Response(new Uint8Array());
  };
}

describe('a source that is sent to a cache', () => {
  it('[P1] goes on there when the live lane was full again before its turn came', async () => {
    const cache = aCache();
    let comes = 0;
    const house = aHouse((url) => {
      if (!url.includes('/live/')) return cache(url);
      return comes++ === 0 ? cache('http://h/hls/talk/index.m3u8') : refusal(503, 'waiting');
    }, 0);
    house.source.start(null);
    // What pulls is fetched first, which takes its time.
    await vi.waitFor(() => expect(house.reports.at(-1)?.kind).toBe('lost'));
    house.passes();
    await vi.waitFor(() => expect(house.asked.length).toBeGreaterThan(4));
    const lanes = house.asked.map((url) => url.replace('http://h/', '').split('?')[0]);
    expect(lanes.slice(0, 4)).toEqual([
      'live/talk',
      'hls/talk/opus/index.m3u8',
      'hls/talk/opus/run/init-1.mp4',
      'live/talk',
    ]);
    expect(lanes[4]).toBe('hls/talk/index.m3u8');
    expect(house.asked.some((url) => url.includes('/gate/'))).toBe(false);
    expect(house.reports.map(({ kind }) => kind)).not.toContain('queued');
    house.source.stop();
  });
});

describe('a source that is refused', () => {
  for (const random of [0, 0.5, 0.99]) {
    it(`[P2] never comes back before Retry-After, and spreads beyond it (${random})`, async () => {
      const { waits, source, settled } = aHouse(() => refusal(503, 'house_full'), random);
      source.start(null);
      await settled();
      expect(waits.at(-1)).toBeGreaterThanOrEqual(RETRY_AFTER_S * 1_000);
      expect(waits.at(-1)).toBeCloseTo(RETRY_AFTER_S * 1_000 * (1 + random / 4), 0);
    });

    it(`[P2] waits as long with a turn that there is no room for yet (${random})`, async () => {
      const { asked, waits, source, settled } = aHouse(() => refusal(503, 'waiting'), random);
      source.start(null);
      await settled();
      expect(asked.some((url) => url.includes('/gate/talk/tickets'))).toBe(true);
      expect(waits.at(-1)).toBeGreaterThanOrEqual(RETRY_AFTER_S * 1_000);
    });
  }

  it('[P2] comes with its ticket, and with the link to its seat', async () => {
    const { asked, source, settled, passes, reports } = aHouse(() => refusal(503, 'waiting'));
    source.start(null);
    await settled();
    expect(reports.at(-1)).toMatchObject({ kind: 'queued', place: { ahead: 0 } });
    passes();
    await settled();
    expect(asked[0]).toBe('http://h/live/talk?pass=SEAT');
    expect(asked).toContain('http://h/live/talk?pass=SEAT&ticket=T');
  });

  it('[P2] takes a new place when its turn has lapsed, and says so', async () => {
    const { source, settled, reports, queue } = aHouse(() => refusal(403, 'ticket_invalid'));
    await queue.look('http://h', false);
    source.start(null);
    await settled();
    expect(reports.at(-1)).toMatchObject({ kind: 'queued', place: { lapsed: true } });
  });

  it('takes part in the lottery when it comes before doors', async () => {
    const { asked, source, settled, queue, reports } = aHouse(() => refusal(409, 'not_open'));
    source.start(null);
    await settled();
    expect(reports.at(-1)).toMatchObject({ kind: 'refused', code: 'not_open' });
    expect(asked.some((url) => url.includes('&nonce='))).toBe(true);
    expect(queue.ticket).toBe('T');
  });
});
