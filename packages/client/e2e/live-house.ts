/**
 * A house for tests: one space with real Opus on a real clock, in as few lines as show what the wire is.
 * It can be cut, stalled, made to refuse or to skip, and it counts what it is asked.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { createOpusEncoder } from '@parterre/media';
import { initSegment, wrapFragment } from '@parterre/media/fmp4';
import {
  CHUNK_MS,
  ERRORS,
  type ErrorCode,
  errorBody,
  FRAME_SAMPLES,
  FRAMES_PER_CHUNK,
  PROFILES,
  type PublicSpace,
  RENDITIONS,
  type Snapshot,
  type SpaceProfileId,
  type SpaceState,
} from '@parterre/protocol';

export const SPACE = 'demo';
const SPEECH = join(import.meta.dirname, '../../../test/speech/kennedy.opus');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
};
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; media-src 'self' blob:; connect-src 'self' ws: wss:";

interface Listener {
  readonly response: ServerResponse;
  next: number;
}

/** Opus packets of a voice, or of a tone where there is no voice, for `chunks` chunks. */
export async function packetsOf(samples: Float32Array, chunks: number): Promise<Uint8Array[][]> {
  const encoder = await createOpusEncoder(RENDITIONS.voice);
  const packets: Uint8Array[][] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const frames: Uint8Array[] = [];
    for (let frame = 0; frame < FRAMES_PER_CHUNK; frame++) {
      const at =
        ((chunk * FRAMES_PER_CHUNK + frame) * FRAME_SAMPLES) % (samples.length - FRAME_SAMPLES);
      frames.push(Uint8Array.from(encoder.encode(samples.subarray(at, at + FRAME_SAMPLES))));
    }
    packets.push(frames);
  }
  return packets;
}

/** A steady tone at 48 kHz. */
export function tone(seconds: number, hz: number): Float32Array {
  return Float32Array.from(
    { length: seconds * 48_000 },
    (_, at) => 0.3 * Math.sin((2 * Math.PI * hz * at) / 48_000),
  );
}

export class LiveHouse {
  readonly #server: Server;
  readonly #packets: readonly Uint8Array[][];
  readonly #folder: string;
  readonly #firstSeq: number;
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  readonly profile: SpaceProfileId;
  readonly anchorMs: number;
  state: SpaceState = 'live';
  stalled = false;
  refusal: { readonly code: ErrorCode; readonly retryAfterS?: number } | null = null;
  /** Query strings of the live requests, in order. */
  readonly asked: string[] = [];
  #ticks = 0;

  constructor(
    packets: readonly Uint8Array[][],
    folder: string,
    profile: SpaceProfileId,
    firstSeq = 5_000,
  ) {
    this.#packets = packets;
    this.#folder = folder;
    this.#firstSeq = firstSeq;
    this.profile = profile;
    this.anchorMs = Date.now() - (firstSeq + 60) * CHUNK_MS;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#timer = setInterval(() => this.#flush(), CHUNK_MS);
  }

  get server(): Server {
    return this.#server;
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** The next sequence that does not exist yet. */
  get head(): number {
    return Math.floor((Date.now() - this.anchorMs) / CHUNK_MS);
  }

  /** Breaks every live connection in the middle. */
  cut(): void {
    for (const { response } of this.#listeners) response.socket?.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === `/live/${SPACE}`) this.#live(url, response);
    else if (url.pathname === `/spaces/${SPACE}.json`) this.#space(response);
    else if (url.pathname.startsWith('/live/')) refuse(response, 'unknown_space');
    else this.#file(url.pathname, response);
  }

  #live(url: URL, response: ServerResponse): void {
    this.asked.push(url.search);
    if (this.refusal !== null) {
      refuse(response, this.refusal.code, this.refusal.retryAfterS);
      return;
    }
    const from = url.searchParams.get('from');
    const oldest = Math.max(this.#firstSeq, this.head - 600);
    const buffered = PROFILES[this.profile].bufferMs / CHUNK_MS;
    const next = from === null ? this.head - buffered : Math.max(oldest, Number(from));
    const listener = { response, next };
    response.writeHead(200, {
      'content-type': 'audio/mp4; codecs="opus"',
      'cache-control': 'no-store',
    });
    response.write(initSegment(1));
    this.#listeners.add(listener);
    response.on('close', () => this.#listeners.delete(listener));
    this.#send(listener);
  }

  #flush(): void {
    const every = PROFILES[this.profile].flushMs / CHUNK_MS;
    if (this.#ticks++ % every !== 0) return;
    for (const listener of this.#listeners) this.#send(listener);
  }

  #send(listener: Listener): void {
    if (this.stalled) return;
    const bytes: Uint8Array[] = [];
    for (; listener.next < this.head; listener.next++) bytes.push(this.#fragment(listener.next));
    if (bytes.length > 0) listener.response.write(Buffer.concat(bytes));
  }

  #fragment(seq: number): Uint8Array {
    const snapshot: Snapshot = {
      v: 1,
      state: this.state,
      title: 'A test',
      host: 'Ada',
      startsAtMs: this.anchorMs,
      liveAtMs: this.anchorMs,
      profile: this.profile,
      holding: false,
      seats: [{ id: 'a', name: `heard at ${seq}`, muted: false, speaking: true }],
    };
    return wrapFragment({
      seq,
      capturedAtMs: this.anchorMs + seq * CHUNK_MS,
      frames: this.#packets[seq % this.#packets.length]!,
      snapshot:
        seq % 5 === 0 ? new TextEncoder().encode(JSON.stringify(snapshot)) : new Uint8Array(),
    });
  }

  #space(response: ServerResponse): void {
    const space: PublicSpace = {
      id: SPACE,
      title: 'A test',
      host: 'Ada',
      state: this.state,
      profile: this.profile,
      rendition: 'voice',
      startsAtMs: this.anchorMs,
      doorsAtMs: this.anchorMs,
      liveAtMs: this.anchorMs,
      endedAtMs: null,
      replayReady: this.state === 'ended',
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...space, nowMs: Date.now() }));
  }

  #file(path: string, response: ServerResponse): void {
    const file = join(this.#folder, path === '/' ? 'index.html' : path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      refuse(response, 'unknown_path');
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    });
    createReadStream(file).pipe(response);
  }
}

function refuse(response: ServerResponse, code: ErrorCode, retryAfterS?: number): void {
  const fields = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  response.writeHead(ERRORS[code].status, { 'content-type': 'application/json', ...fields });
  response.end(JSON.stringify(errorBody(code)));
}

/** Recorded speech at 48 kHz, mono; null without ffmpeg. */
export function speech(): Float32Array | null {
  if (!existsSync('/usr/bin/ffmpeg')) return null;
  const args = ['-v', 'error', '-i', SPEECH, '-ac', '1', '-ar', '48000', '-f', 'f32le', '-'];
  const { buffer, byteOffset, byteLength } = execFileSync('/usr/bin/ffmpeg', args, {
    maxBuffer: 1 << 26,
  });
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
