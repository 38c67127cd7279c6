import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { holdingFrames, initSegment, wrapFragment } from '@parterre/media';
import { RENDITIONS } from '@parterre/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import type { Clock, Timers } from '../ports/clock.ts';
import { liveUrl, type ProbeReport, probe, probeText, runProbe } from './index.ts';

const clock: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const timers: Timers = {
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, task) {
    const handle = setInterval(task, intervalMs);
    return { cancel: () => clearInterval(handle) };
  },
};

const BEGAN_MS = 1_800_000_000_000;
const ENDED = '{"state":"ended","epoch":4}';

function fragment(
  seq: number,
  change: { frames?: readonly Uint8Array[]; snapshot?: string; capturedAtMs?: number } = {},
): Uint8Array {
  const { frames = holdingFrames(RENDITIONS.voice, seq), snapshot = '' } = change;
  const { capturedAtMs = BEGAN_MS + seq * 200 } = change;
  return wrapFragment({ seq, capturedAtMs, frames, snapshot: Buffer.from(snapshot) });
}

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** A server that answers the nth request by the nth script, and the last one for all that follow. */
async function serve(
  ...scripts: ((response: ServerResponse, from: string | null) => void)[]
): Promise<string> {
  let requests = 0;
  server = createServer((request, response) => {
    const from = new URL(request.url!, 'http://x').searchParams.get('from');
    scripts[Math.min(requests++, scripts.length - 1)]!(response, from);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/evening`;
}

/** Sends the fragments and ends, or breaks off. */
function send(response: ServerResponse, fragments: readonly Uint8Array[], breakOff = false): void {
  response.writeHead(200, { 'content-type': 'audio/mp4' });
  response.write(Buffer.concat([initSegment(1), ...fragments]), () => {
    if (breakOff) response.destroy();
    else response.end();
  });
}

const hear = (url: string): Promise<ProbeReport> => probe({ url, seconds: 60, clock, timers });

describe('a programme that arrives', () => {
  test('whole is found whole', async () => {
    const url = await serve((response) =>
      send(response, [fragment(5), fragment(6), fragment(7, { snapshot: ENDED })]),
    );
    const report = await hear(url);
    expect(report).toMatchObject({
      ok: true,
      epoch: 4,
      firstSeq: 5,
      nextSeq: 8,
      fragments: 3,
      decodedFrames: 30,
      snapshots: 1,
      gapCount: 0,
      faultCount: 0,
      ended: true,
      connections: 1,
    });
    expect(probeText(report)).toMatch(/^whole {2}/);
  });

  test('[P3] with a sequence left out has a gap', async () => {
    const url = await serve((response) =>
      send(response, [fragment(5), fragment(8, { snapshot: ENDED })]),
    );
    const report = await hear(url);
    expect(report).toMatchObject({
      ok: false,
      gapCount: 1,
      gaps: [{ atSeq: 6, missingChunks: 2 }],
    });
    expect(probeText(report)).toContain('gap: 2 chunk(s) from 6');
  });

  test.each([
    ['a sequence that comes again', [fragment(5), fragment(5), fragment(6, { snapshot: ENDED })]],
    [
      'a capture time that stands still',
      [
        fragment(5),
        fragment(6, { capturedAtMs: BEGAN_MS + 1_000 }),
        fragment(7, { snapshot: ENDED }),
      ],
    ],
    [
      'nine frames',
      [
        fragment(5, { frames: holdingFrames(RENDITIONS.voice, 5).slice(1) }),
        fragment(6, { snapshot: ENDED }),
      ],
    ],
    [
      'a packet that is not Opus',
      [
        fragment(5, {
          frames: [Buffer.from([0xff]), ...holdingFrames(RENDITIONS.voice, 5).slice(1)],
        }),
        fragment(6, { snapshot: ENDED }),
      ],
    ],
    [
      'an epoch that goes back',
      [
        fragment(5, { snapshot: '{"epoch":3}' }),
        fragment(6, { snapshot: '{"state":"ended","epoch":2}' }),
      ],
    ],
    [
      'a snapshot that is not JSON',
      [fragment(5, { snapshot: '{' }), fragment(6, { snapshot: ENDED })],
    ],
  ])('with %s has a fault', async (_name, fragments) => {
    const report = await hear(await serve((response) => send(response, fragments)));
    expect(report).toMatchObject({ ok: false, gapCount: 0 });
    expect(report.faultCount).toBeGreaterThan(0);
  });
});

describe('[P1] a connection that breaks', () => {
  test('is resumed at the next sequence, without a gap', async () => {
    const asked: (string | null)[] = [];
    const url = await serve(
      (response, from) => {
        asked.push(from);
        send(response, [fragment(5), fragment(6)], true);
      },
      (response, from) => {
        asked.push(from);
        send(response, [fragment(7), fragment(8, { snapshot: ENDED })]);
      },
    );
    const report = await hear(url);
    expect(report).toMatchObject({ ok: true, connections: 2, fragments: 4, gapCount: 0 });
    expect(asked).toEqual([null, '7']);
  });

  test('in the middle of a fragment loses nothing either', async () => {
    const url = await serve(
      (response) => send(response, [fragment(5), fragment(6).subarray(0, 100)], true),
      (response) => send(response, [fragment(6), fragment(7, { snapshot: ENDED })]),
    );
    expect(await hear(url)).toMatchObject({ ok: true, fragments: 3, gapCount: 0, faultCount: 0 });
  });

  test('is asked for again while the server is away, and a space that ended meanwhile has ended', async () => {
    const url = await serve(
      (response) => send(response, [fragment(5)], true),
      (response) => response.destroy(),
      (response) =>
        response
          .writeHead(503)
          .end('{"error":{"code":"part_away","message":"away","remedy":"wait"}}'),
      (response) =>
        response
          .writeHead(410)
          .end('{"error":{"code":"ended","message":"over","remedy":"replay"}}'),
    );
    expect(await hear(url)).toMatchObject({ ok: true, ended: true, connections: 4, refusal: null });
  });
});

test('a refusal is told as the server said it', async () => {
  const url = await serve((response) =>
    response.writeHead(404).end('{"error":{"code":"unknown_space","message":"No.","remedy":""}}'),
  );
  let said = '';
  const code = await runProbe({
    url,
    seconds: 60,
    clock,
    timers,
    json: true,
    write: (text) => {
      said += text;
    },
  });
  expect(code).toBe(1);
  expect(JSON.parse(said)).toMatchObject({
    ok: false,
    fragments: 0,
    refusal: { status: 404, code: 'unknown_space' },
  });
});

test('the signal ends it', async () => {
  const stop = new AbortController();
  const url = await serve((response) => {
    response.writeHead(200);
    response.write(Buffer.concat([initSegment(1), fragment(5)]), () => stop.abort());
  });
  const report = await probe({ url, seconds: 3_600, signal: stop.signal, clock, timers });
  expect(report.connections).toBe(1);
});

test('an address names a space by its page or by its lane', () => {
  expect(liveUrl('https://a/evening').href).toBe('https://a/live/evening');
  expect(liveUrl('http://a:1/live/evening?profile=near').href).toBe(
    'http://a:1/live/evening?profile=near',
  );
  for (const url of [
    'https://a/',
    'ftp://a/evening',
    'https://a/studio/evening/x',
    'evening',
    '',
  ]) {
    expect(() => liveUrl(url)).toThrow(TypeError);
    expect(() => liveUrl(url)).toThrow(/^The address must /);
  }
});
