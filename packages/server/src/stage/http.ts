/**
 * The stage's own server on its unix socket: WebSockets at `/stage/{space}` and WHIP at `/whip/…`; an edge
 * stands in front. Refused are other paths, pages of other origins, and more sockets than a stage can use.
 * The query, which holds a pass, is read here and written nowhere.
 */
import { unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, SIGNAL_BYTES_MAX, SPACE_ID } from '@parterre/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { refuse, refuseUpgrade } from './answers.ts';
import {
  HEARTBEAT_MS,
  JOIN_MS_MAX,
  SOCKETS_PER_PERSON_MAX,
  socketsMax,
  TURN_AWAY_MS_MAX,
  TURNING_AWAY_MAX,
  UNSENT_BYTES_MAX,
} from './limits.ts';
import { errorMessage } from './room.ts';
import { Session } from './session.ts';
import type { Stage } from './stage.ts';
import { Tally } from './tally.ts';
import type { Whip } from './whip.ts';

export interface StageServerOptions {
  readonly stage: Stage;
  readonly whip: Whip;
  /** Where people reach this server, such as https://live.example.org; empty when it is not configured. */
  readonly publicUrl: string;
}

/** Close codes (RFC 6455 §7.4): 4000 and up are the application's. */
const CLOSE_DONE = 4000;
const CLOSE_RESTART = 1012;
const HEADER_BYTES_MAX = 16_384;
const STAGE_PATH = /^\/stage\/([^/?]{1,64})$/;

export class StageServer {
  readonly #options: StageServerOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  /** Answered since the last ping. */
  readonly #alive = new WeakSet<WebSocket>();
  readonly #perSpace = new Tally();
  readonly #perPerson = new Tally();
  #turningAway = 0;
  readonly #heartbeat: { cancel(): void };

  constructor(options: StageServerOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: SIGNAL_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) =>
      this.#request(request, response),
    );
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#heartbeat = options.stage.options.timers.every(HEARTBEAT_MS, () => this.#beat());
  }

  /** Listens on a unix socket, in place of one that a killed process left. */
  listen(path: string): Promise<void> {
    try {
      unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => resolve());
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const path = URL.parse(request.url ?? '/', 'http://stage')?.pathname ?? '/';
    if (path.startsWith('/whip/')) {
      this.#options.whip.answer(request, response, path).catch((error: unknown) => {
        this.#options.stage.options.log.error({ err: error }, 'WHIP request failed');
        if (!response.headersSent) refuse(response, 'internal');
      });
    } else refuse(response, STAGE_PATH.test(path) ? 'bad_request' : 'unknown_path');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = URL.parse(request.url ?? '/', 'http://stage');
    const spaceId = STAGE_PATH.exec(url?.pathname ?? '')?.[1] ?? '';
    const refusal = this.#refusal(request, spaceId);
    if (refusal !== null) {
      this.#options.stage.counters.refused(refusal);
      refuseUpgrade(socket, refusal);
      return;
    }
    const token = url?.searchParams.get('pass') ?? '';
    // Whoever has no pass is told so at once, and takes no place of those who have.
    const pass = this.#options.stage.passOf(spaceId, token);
    if (pass === null) {
      this.#turnAway(request, socket, head, 'pass_invalid');
      return;
    }
    const person = `${spaceId} ${pass.personId}`;
    if (this.#perPerson.of(person) >= SOCKETS_PER_PERSON_MAX) {
      this.#options.stage.counters.refused('too_many_requests');
      refuseUpgrade(socket, 'too_many_requests');
      return;
    }
    this.#perSpace.add(spaceId);
    this.#perPerson.add(person);
    socket.once('close', () => {
      this.#perSpace.remove(spaceId);
      this.#perPerson.remove(person);
    });
    void this.#options.stage.isRemoved(pass).then((removed) => {
      if (removed) this.#turnAway(request, socket, head, 'removed');
      else
        this.#sockets.handleUpgrade(request, socket, head, (ws) =>
          this.#converse(ws, spaceId, token),
        );
    });
  }

  #turnAway(request: IncomingMessage, socket: Duplex, head: Buffer, code: ErrorCode): void {
    this.#options.stage.counters.refused(code);
    if (this.#turningAway >= TURNING_AWAY_MAX) {
      refuseUpgrade(socket, code);
      return;
    }
    this.#turningAway += 1;
    socket.once('close', () => {
      this.#turningAway -= 1;
    });
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => ws.terminate());
      ws.send(JSON.stringify(errorMessage(code)));
      ws.close(CLOSE_DONE, code);
      const late = this.#options.stage.options.timers.after(TURN_AWAY_MS_MAX, () => ws.terminate());
      ws.once('close', () => late.cancel());
    });
  }

  #refusal(request: IncomingMessage, spaceId: string): ErrorCode | null {
    if (!SPACE_ID.test(spaceId)) return 'unknown_path';
    if (!this.#sameOrigin(request)) return 'forbidden';
    const open = this.#perSpace.of(spaceId);
    const { speakersMax } = this.#options.stage.options;
    return open >= socketsMax(speakersMax) ? 'too_many_requests' : null;
  }

  /** Browsers say where a page is from; a page of another site must not speak for its visitor. */
  #sameOrigin({ headers }: IncomingMessage): boolean {
    const { origin } = headers;
    if (origin === undefined) return true;
    const { publicUrl } = this.#options;
    if (publicUrl !== '' && URL.parse(publicUrl)?.origin === origin) return true;
    const forwarded = headers['x-forwarded-host'];
    const host = typeof forwarded === 'string' ? forwarded : headers.host;
    return host !== undefined && URL.parse(origin)?.host === host;
  }

  #converse(ws: WebSocket, spaceId: string, token: string): void {
    const { stage } = this.#options;
    const { clock, timers } = stage.options;
    const session = new Session({
      clock,
      channel: {
        send: (message) => {
          if (ws.readyState !== ws.OPEN) return;
          if (ws.bufferedAmount > UNSENT_BYTES_MAX) ws.terminate();
          else ws.send(JSON.stringify(message));
        },
        close: (reason) => ws.close(CLOSE_DONE, reason),
      },
      join: (join) => {
        const pass = stage.passOf(spaceId, token);
        return pass === null ? 'pass_invalid' : stage.join(pass, join);
      },
      refused: (code) => stage.counters.refused(code),
    });
    const deadline = timers.after(JOIN_MS_MAX, () => {
      if (!session.joined) session.refuse('bad_request');
    });
    this.#alive.add(ws);
    ws.on('pong', () => this.#alive.add(ws));
    ws.on('message', (data, binary) => {
      if (binary) session.refuse('bad_request');
      else session.hear(String(data));
    });
    // It is told why and hung up by the library; one that does not go is found by the beat.
    ws.on('error', () => {});
    ws.on('close', () => {
      deadline.cancel();
      session.end();
    });
  }

  #beat(): void {
    for (const ws of this.#sockets.clients) {
      if (!this.#alive.delete(ws)) ws.terminate();
      else ws.ping();
    }
  }

  /** Asks the pages to come back: the next process takes them in again. */
  async close(): Promise<void> {
    this.#heartbeat.cancel();
    for (const ws of this.#sockets.clients) ws.close(CLOSE_RESTART, 'restarting');
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await Promise.race([
      closed,
      new Promise<void>((resolve) => this.#options.stage.options.timers.after(1_000, resolve)),
    ]);
    for (const ws of this.#sockets.clients) ws.terminate();
    this.#server.closeAllConnections();
  }
}
