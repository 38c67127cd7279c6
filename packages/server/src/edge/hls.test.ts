import { createHash } from 'node:crypto';
import { FragmentReader, initSegment } from '@parterre/media';
import { afterEach, describe, expect, test } from 'vitest';
import type { AacEncoder } from '../ports/aac-encoder.ts';
import { ANCHOR_MS, aChunk, aSpace, type RunningEdge, runEdge } from './edge.fixture.ts';
import type { EdgeOptions } from './edge.ts';

/** Doors of the fixture's space, and the first recipe. */
const RUN = `${ANCHOR_MS.toString(36)}-o1`;
const AAC_RUN = `${ANCHOR_MS.toString(36)}-a1`;

/** Each frame is a digest of all the sound pushed so far: what is not deterministic cannot be equal. */
const encoder: AacEncoder = {
  async begin(channels, _bitrateBps, frame) {
    const digest = createHash('sha256');
    let samples = 0;
    let made = 0;
    return {
      async push(pcm) {
        digest.update(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
        samples += pcm.length / channels;
        for (; (made + 2) * 1_024 <= samples; made++)
          frame(Buffer.concat([digest.copy().digest(), Buffer.from([made & 0xff])]));
      },
      close() {},
    };
  },
};

describe('hls lane', () => {
  const running: RunningEdge[] = [];

  afterEach(async () => {
    for (const each of running.splice(0)) await each.close();
  });

  async function edgeWith(
    endSeq: number,
    change: Partial<EdgeOptions> = {},
    fromSeq = 0,
  ): Promise<RunningEdge> {
    const edge = await runEdge({ aac: encoder, ...change });
    running.push(edge);
    edge.feed.space(aSpace());
    edge.feed.chunks(fromSeq, endSeq);
    return edge;
  }

  const text = async (edge: RunningEdge, path: string): Promise<string> =>
    (await fetch(`${edge.url}${path}`)).text();
  const bytes = async (edge: RunningEdge, path: string): Promise<Buffer> =>
    Buffer.from(await (await fetch(`${edge.url}${path}`)).arrayBuffer());

  test('offers Opus and AAC, and plays from the list to the bytes', async () => {
    const edge = await edgeWith(60);
    const variants = await text(edge, '/hls/evening/index.m3u8');
    expect(variants).toContain('CODECS="opus"\nopus/index.m3u8');
    expect(variants).toContain('CODECS="mp4a.40.2"\naac/index.m3u8');
    const list = await fetch(`${edge.url}/hls/evening/opus/index.m3u8`);
    expect(list.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(list.headers.get('cache-control')).toMatch(/^public, max-age=1,/);
    expect(list.headers.get('access-control-allow-origin')).toBe('*');
    const body = await list.text();
    expect(body).toContain(`#EXT-X-MAP:URI="${RUN}/init-1.mp4"`);
    expect(body).toContain(`${RUN}/0.m4s`);
    expect(body).toContain(`${RUN}/1.m4s`);
    expect(body).not.toContain(`${RUN}/2.m4s`);
    expect(body).not.toContain('EXT-X-PART');
    const segment = await fetch(`${edge.url}/hls/evening/opus/${RUN}/1.m4s`);
    expect(segment.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const reader = new FragmentReader();
    reader.push(await bytes(edge, `/hls/evening/opus/${RUN}/init-1.mp4`));
    const fragments = reader.push(new Uint8Array(await segment.arrayBuffer()));
    expect(fragments.map((each) => (each.kind === 'fragment' ? each.seq : each.kind))).toEqual(
      Array.from({ length: 24 }, (_, index) => 24 + index),
    );
    expect(await bytes(edge, `/hls/evening/opus/${RUN}/init-1.mp4`)).toEqual(
      Buffer.from(initSegment(1)),
    );
  });

  test('[P1] gives the same bytes at every edge, whenever it joined, and parts that add up', async () => {
    const first = await edgeWith(80, { hlsMode: 'cached' });
    const second = await edgeWith(97, { hlsMode: 'cached' }, 22);
    for (const [id, run] of [
      ['opus', RUN],
      ['aac', AAC_RUN],
    ]) {
      const path = `/hls/evening/${id}/${run}/2`;
      const whole = await bytes(first, `${path}.m4s`);
      expect(whole.length).toBeGreaterThan(1_000);
      const parts: Buffer[] = [];
      for (let part = 0; part < 5; part++) parts.push(await bytes(second, `${path}.${part}.m4s`));
      expect(Buffer.concat(parts).equals(whole), id).toBe(true);
    }
  });

  test('packs the same frames of AAC for players that know no fragments', async () => {
    for (const hlsMode of ['plain', 'cached'] as const) {
      const edge = await edgeWith(80, { hlsMode });
      expect(await text(edge, '/hls/evening/packed.m3u8')).toContain(
        'CODECS="mp4a.40.2"\npacked/index.m3u8',
      );
      const list = await text(edge, '/hls/evening/packed/index.m3u8');
      expect(list).toContain(`\n${AAC_RUN}/2.aac\n`);
      expect(list).not.toMatch(/EXT-X-(MAP|PART|SERVER)/);
      const segment = await fetch(`${edge.url}/hls/evening/packed/${AAC_RUN}/2.aac`);
      expect(segment.headers.get('content-type')).toBe('audio/aac');
      expect(segment.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      const packed = Buffer.from(await segment.arrayBuffer());
      const inFragments = await bytes(edge, `/hls/evening/aac/${AAC_RUN}/2.m4s`);
      // A frame of the fixture is 33 bytes.
      const frames = Array.from({ length: 225 }, (_, n) =>
        packed.subarray(80 + 40 * n, 113 + 40 * n),
      );
      expect(packed.length).toBe(73 + 225 * 40);
      for (const frame of frames) expect(inFragments.includes(frame)).toBe(true);
      expect(edge.edge.hls.encoded.stretches).toBe(1);
    }
    const without = await edgeWith(60, { aac: null });
    for (const path of ['packed.m3u8', 'packed/index.m3u8'])
      expect((await fetch(`${without.url}/hls/evening/${path}`)).status).toBe(404);
  });

  test('[P3] renders a hole as holding sound, the same at every edge', async () => {
    const edges = [await edgeWith(20), await edgeWith(20)];
    const hole = { kind: 'hole', epoch: 2, capturedAtMs: ANCHOR_MS + 4_000 } as const;
    edges[0]!.feed.record({ ...hole, seq: 20, endSeq: 30 });
    edges[1]!.feed.record({ ...hole, seq: 20, endSeq: 25 });
    edges[1]!.feed.record({ ...hole, seq: 25, endSeq: 30, capturedAtMs: ANCHOR_MS + 5_000 });
    for (const { feed } of edges) feed.chunks(30, 60);
    for (const path of [`opus/${RUN}/0.m4s`, `opus/${RUN}/1.m4s`, `aac/${AAC_RUN}/1.m4s`]) {
      const [one, two] = await Promise.all(
        edges.map((edge) => bytes(edge, `/hls/evening/${path}`)),
      );
      expect(one!.equals(two!), path).toBe(true);
    }
  });

  test('holds a blocking reload and a hinted part until they are there', async () => {
    const edge = await edgeWith(48, { hlsMode: 'cached' });
    const list = fetch(`${edge.url}/hls/evening/opus/index.m3u8?_HLS_msn=2&_HLS_part=0`);
    const part = fetch(`${edge.url}/hls/evening/opus/${RUN}/2.0.m4s`);
    await expect.poll(() => edge.edge.hls.waiting).toBe(2);
    edge.feed.chunks(48, 53);
    expect(await (await list).text()).toContain(`URI="${RUN}/2.0.m4s"`);
    expect((await list).headers.get('cache-control')).toBe('public, max-age=30');
    expect((await (await part).arrayBuffer()).byteLength).toBeGreaterThan(500);
    expect(edge.edge.hls.waiting).toBe(0);
    const gone = new AbortController();
    const lost = fetch(`${edge.url}/hls/evening/opus/index.m3u8?_HLS_msn=3`, {
      signal: gone.signal,
    }).catch(() => {});
    await expect.poll(() => edge.edge.hls.waiting).toBe(1);
    gone.abort();
    await lost;
    await expect.poll(() => edge.edge.hls.waiting).toBe(0);
  });

  test('refuses what is malformed, too far ahead, not there or of another programme', async () => {
    const edge = await edgeWith(60, { hlsMode: 'cached' });
    const status = async (path: string): Promise<number> =>
      (await fetch(`${edge.url}/hls/${path}`)).status;
    expect(await status('evening/opus/index.m3u8?_HLS_msn=4')).toBe(400);
    expect(await status('evening/opus/index.m3u8?_HLS_msn=x')).toBe(400);
    expect(await status('evening/opus/index.m3u8?_HLS_part=1')).toBe(400);
    expect(await status('evening/opus/index.m3u8?_HLS_msn=1&_HLS_msn=2')).toBe(400);
    expect(await status('morning/index.m3u8')).toBe(404);
    expect(await status(`evening/opus/${RUN}/2.m4s`)).toBe(404);
    expect(await status(`evening/opus/${RUN}/3.0.m4s`)).toBe(404);
    expect(await status(`evening/opus/${RUN}/01.m4s`)).toBe(404);
    expect(await status(`evening/opus/other-o1/1.m4s`)).toBe(404);
    edge.feed.space(aSpace({ id: 'later', state: 'scheduled' }));
    expect(await status('later/index.m3u8')).toBe(409);
    const without = await edgeWith(60, { aac: null });
    expect((await fetch(`${without.url}/hls/evening/aac/index.m3u8`)).status).toBe(404);
    expect(await text(without, '/hls/evening/index.m3u8')).not.toContain('aac');
    const off = await edgeWith(60, { hlsMode: 'off' });
    expect((await fetch(`${off.url}/hls/evening/index.m3u8`)).status).toBe(404);
  });

  test('[P1] refuses what is more than an edge has for pulls, and says when to come back', async () => {
    const edge = await edgeWith(60);
    const url = `${edge.url}/hls/evening/index.m3u8`;
    const answers = await Promise.all(Array.from({ length: 900 }, () => fetch(url)));
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBe(edge.edge.hls.refused);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    await expect.poll(async () => (await fetch(url)).status).toBe(200);
  });

  test('answers HEAD with the head alone', async () => {
    const edge = await edgeWith(60);
    const url = `${edge.url}/hls/evening/opus/${RUN}/1.m4s`;
    const [head, whole] = await Promise.all([fetch(url, { method: 'HEAD' }), fetch(url)]);
    expect(head.headers.get('content-length')).toBe(whole.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });

  test('[P3] ends with a list that says so, and keeps the end for those who are behind', async () => {
    const edge = await edgeWith(60);
    edge.feed.record(aChunk(60));
    edge.feed.space(aSpace({ state: 'ended', endedAtMs: Date.now() }));
    for (const [id, run, seconds] of [
      ['opus', RUN, '2.6'],
      ['aac', AAC_RUN, '2.58133'],
    ]) {
      const list = await text(edge, `/hls/evening/${id}/index.m3u8`);
      expect(list).toContain(`#EXTINF:${seconds},\n${run}/2.m4s\n#EXT-X-ENDLIST`);
      const last = await fetch(`${edge.url}/hls/evening/${id}/${run}/2.m4s`);
      expect(last.status).toBe(200);
    }
    edge.feed.space(aSpace({ state: 'ended', endedAtMs: 0 }));
    await expect
      .poll(async () => (await fetch(`${edge.url}/hls/evening/opus/index.m3u8`)).status)
      .toBe(410);
  });

  test('the doors have just opened: the first list waits for its first segment', async () => {
    const edge = await edgeWith(3);
    const list = fetch(`${edge.url}/hls/evening/opus/index.m3u8`);
    await expect.poll(() => edge.edge.hls.waiting).toBe(1);
    edge.feed.chunks(3, 24);
    expect(await (await list).text()).toContain(`${RUN}/0.m4s`);
  });

  test('counts requests by rendition, and encodes each segment once', async () => {
    const edge = await edgeWith(60);
    const path = `${edge.url}/hls/evening/aac/${AAC_RUN}/1.m4s`;
    await Promise.all([fetch(path), fetch(path), fetch(path)]);
    expect(edge.edge.hls.requests).toEqual({ variants: 0, opus: 0, aac: 3 });
    expect(edge.edge.hls.encoded.stretches).toBe(1);
    expect(edge.edge.hls.encoded.frames).toBeGreaterThanOrEqual(244);
  });
});
