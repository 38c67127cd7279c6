import { FragmentReader, initSegment, wrapFragment } from '@parterre/media/fmp4';
import { CHUNK_MS, PROFILES } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { BUFFER_CHUNKS, pull } from './pull.ts';
import type { System } from './system.ts';

const SEGMENT = 24;
const PART = 5;

/** A cache in front of a programme that goes on while it is pulled. */
class Cache {
  nowMs = 0;
  /** Chunks that are there. */
  head = 100;
  room = false;
  over = false;
  /** As many requests fail. */
  failing = 0;
  readonly asked: string[] = [];

  readonly system: System = {
    monotonicMs: () => this.nowMs,
    wallMs: () => this.nowMs,
    random: () => 0.5,
    after: (ms, fire) => {
      this.pass(ms);
      queueMicrotask(fire);
      return () => {};
    },
    fetch: async (url) => this.#answer(new URL(url).pathname),
  };

  pass(ms: number): void {
    this.nowMs += ms;
    if (!this.over) this.head += ms / CHUNK_MS;
  }

  #answer(path: string): Response {
    this.asked.push(path);
    if (path.endsWith('.m3u8')) return this.#list();
    if (path.endsWith('init-1.mp4')) return new Response(initSegment(1) as Uint8Array<ArrayBuffer>);
    const [, msn, part] = /\/(\d+)(?:\.(\d))?\.m4s$/.exec(path)!;
    const from = Number(msn) * SEGMENT + (part === undefined ? 0 : Number(part) * PART);
    const end = Math.min(Number(msn) * SEGMENT + SEGMENT, part === undefined ? 1e9 : from + PART);
    // The part that is to come is waited for.
    if (end > this.head && end <= this.head + PART) this.pass((end - this.head) * CHUNK_MS);
    if (end > this.head || this.failing-- > 0) return new Response('', { status: 404 });
    const chunks = Array.from({ length: end - from }, (_, at) => fragment(from + at));
    return new Response(new Blob(chunks as Uint8Array<ArrayBuffer>[]));
  }

  #list(): Response {
    const segments = Math.floor(this.head / SEGMENT);
    const parts = Math.floor((this.head % SEGMENT) / PART);
    const first = Math.max(0, segments - 11);
    const lines = ['#EXTM3U', '#EXT-X-MAP:URI="run-o1/init-1.mp4"'];
    for (let msn = first; msn < segments; msn++) lines.push('#EXTINF:4.8,', `run-o1/${msn}.m4s`);
    for (let part = 0; part < parts; part++)
      lines.push(`#EXT-X-PART:DURATION=1,URI="run-o1/${segments}.${part}.m4s"`);
    lines.push(
      this.over
        ? '#EXT-X-ENDLIST'
        : `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="run-o1/${segments}.${parts}.m4s"`,
    );
    const lane = this.room ? 'profile=far&room=1' : 'profile=far';
    return new Response(lines.join('\n'), { headers: { 'parterre-lane': lane } });
  }
}

function fragment(seq: number): Uint8Array {
  const frames = Array.from({ length: 10 }, () => Uint8Array.of(0x78, seq & 0xff));
  return wrapFragment({ seq, capturedAtMs: seq * CHUNK_MS, frames, snapshot: new Uint8Array() });
}

/** What is heard until it is done, or until so many chunks have come. */
async function hear(
  cache: Cache,
  fromSeq: number | null,
  chunks: number,
): Promise<{ readonly seqs: number[]; readonly done: boolean }> {
  const url = 'http://cache.example/hls/evening/index.m3u8';
  const source = pull(url, fromSeq, cache.system, new AbortController().signal);
  const reader = new FragmentReader();
  const seqs: number[] = [];
  while (seqs.length < chunks) {
    const { done, value } = await source.read();
    if (done) return { seqs, done };
    for (const part of reader.push(value)) if (part.kind === 'fragment') seqs.push(part.seq);
  }
  return { seqs, done: false };
}

const ascending = (seqs: readonly number[]): boolean =>
  seqs.every((seq, at) => at === 0 || seq === seqs[at - 1]! + 1);

describe('pulling', () => {
  it('[P1] goes on at the very chunk that is missing, without a hole', async () => {
    const cache = new Cache();
    const { seqs } = await hear(cache, 93, 200);
    // The segment that holds it: who reads leaves out what was heard.
    expect(seqs[0]).toBe(72);
    expect(ascending(seqs)).toBe(true);
  });

  it('begins as far behind as the profile far buffers', async () => {
    const cache = new Cache();
    cache.head = 240;
    const { seqs } = await hear(cache, null, 50);
    expect(BUFFER_CHUNKS).toBe(PROFILES.far.bufferMs / CHUNK_MS);
    expect(seqs[0]).toBeLessThanOrEqual(240 - BUFFER_CHUNKS);
    expect(seqs[0]).toBeGreaterThan(240 - BUFFER_CHUNKS - SEGMENT);
    expect(ascending(seqs)).toBe(true);
  });

  it('asks for about one thing a second', async () => {
    const cache = new Cache();
    const { seqs } = await hear(cache, 100, 300);
    expect(ascending(seqs)).toBe(true);
    const seconds = cache.nowMs / 1_000;
    expect(cache.asked.length / seconds).toBeLessThan(1.5);
  });

  it('[P1] is done when there is room on the live lane, spread over half a minute', async () => {
    const cache = new Cache();
    await hear(cache, 100, 20);
    cache.room = true;
    const fromMs = cache.nowMs;
    const { done } = await hear(cache, 120, 10_000);
    expect(done).toBe(true);
    expect(cache.nowMs - fromMs).toBeGreaterThan(10_000);
    expect(cache.nowMs - fromMs).toBeLessThan(30_000);
  });

  it('hears the programme to its end', async () => {
    const cache = new Cache();
    cache.head = 240;
    cache.over = true;
    const { seqs, done } = await hear(cache, 200, 10_000);
    expect(done).toBe(true);
    expect(seqs.at(-1)).toBe(239);
  });

  it('asks again for what is not there yet, and gives up a cache that has nothing', async () => {
    const cache = new Cache();
    cache.failing = 3;
    expect(ascending((await hear(cache, 96, 60)).seqs)).toBe(true);
    cache.failing = 1_000;
    await expect(hear(cache, 96, 60)).rejects.toThrow(/no more/);
  });
});
