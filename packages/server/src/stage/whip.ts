/**
 * WHIP (RFC 9725): another program sends its voice and is a seat on air. `POST /whip/{space}` with a pass
 * as bearer token answers an offer and names the session; `PATCH` brings candidates (RFC 8840), `DELETE`
 * ends it. There are no ICE restarts. A session whose connection fails gives its seat up. A seat has one
 * session: a newer one of the same person takes the place of the older.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type IceServer, ParterreError, SIGNAL_BYTES_MAX, SPACE_ID } from '@parterre/protocol';
import type { Peer } from '../ports/peer.ts';
import type { Pass } from '../spaces/index.ts';
import { refuse } from './answers.ts';
import { CANDIDATES_MAX } from './limits.ts';
import type { Room } from './room.ts';
import type { Seat } from './seat.ts';
import type { Stage } from './stage.ts';

interface WhipSession {
  readonly id: string;
  readonly room: Room;
  readonly seat: Seat;
  readonly personId: string;
  peer: Peer | null;
}

const PATH = /^\/whip\/([^/]{1,64})(?:\/([A-Za-z0-9_-]{22}))?$/;
const BEARER = /^Bearer +([A-Za-z0-9_-]{1,1024})$/i;
const SESSION_ID_BYTES = 16;
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Location, Link, ETag',
} as const;
const PREFLIGHT = {
  ...CORS,
  'access-control-allow-methods': 'POST, PATCH, DELETE, OPTIONS',
  'access-control-allow-headers': 'Authorization, Content-Type, If-Match',
  'access-control-max-age': '86400',
  'accept-post': 'application/sdp',
} as const;

export class Whip {
  readonly #stage: Stage;
  readonly #sessions = new Map<string, WhipSession>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
    const [, spaceId = '', sessionId] = PATH.exec(path) ?? [];
    if (!SPACE_ID.test(spaceId)) return refuse(response, 'unknown_path');
    const allowed = sessionId === undefined ? ['POST', 'OPTIONS'] : ['PATCH', 'DELETE', 'OPTIONS'];
    const method = request.method ?? '';
    if (method === 'OPTIONS') {
      response.writeHead(204, { ...PREFLIGHT, allow: allowed.join(', ') }).end();
      return;
    }
    if (!allowed.includes(method)) {
      response.setHeader('allow', allowed.join(', '));
      return refuse(response, 'method_not_allowed');
    }
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const pass = this.#stage.passOf(spaceId, token);
    if (pass === null) {
      response.setHeader('www-authenticate', 'Bearer');
      return this.#refuse(response, new ParterreError('pass_invalid'));
    }
    try {
      if (sessionId === undefined) await this.#begin(request, response, pass);
      else await this.#change(request, response, pass, sessionId);
    } catch (error) {
      if (!(error instanceof ParterreError)) throw error;
      this.#refuse(response, error);
    }
  }

  #refuse(response: ServerResponse, { code, detail }: ParterreError): void {
    this.#stage.counters.refused(code);
    refuse(response, code, detail);
  }

  async #begin(request: IncomingMessage, response: ServerResponse, pass: Pass): Promise<void> {
    requireType(request, 'application/sdp');
    const offer = await bodyOf(request);
    if (await this.#stage.isRemoved(pass)) throw new ParterreError('removed');
    const { random, peers, iceServers } = this.#stage.options;
    const id = Buffer.from(random.bytes(SESSION_ID_BYTES)).toString('base64url');
    const seated = this.#stage.join(pass, { type: 'join', name: pass.name, clientId: id });
    if (typeof seated === 'string') throw new ParterreError(seated);
    const { room, seat } = seated;
    this.#forget((other) => other.seat === seat || !isSeated(other));
    const session: WhipSession = { id, room, seat, personId: pass.personId, peer: null };
    this.#sessions.set(id, session);
    const observer = seat.observer(
      () => session.peer,
      (state) => this.#changed(session, state),
      () => {},
    );
    try {
      session.peer = await peers.answer(offer, iceServers, observer);
    } catch (error) {
      if (this.#sessions.has(id)) this.#end(session);
      throw error;
    }
    if (!this.#sessions.has(id) || !isSeated(session)) {
      this.#forget((other) => other === session);
      session.peer.close();
      throw new ParterreError('already_on_stage');
    }
    room.takeStage(seat);
    const links = iceServers.flatMap(linksOf);
    response.writeHead(201, {
      'content-type': 'application/sdp',
      location: `/whip/${room.id}/${id}`,
      etag: `"${id}"`,
      ...(links.length === 0 ? {} : { link: links }),
    });
    response.end(session.peer.description.sdp);
  }

  #changed(session: WhipSession, state: string): void {
    if (!this.#sessions.has(session.id)) return;
    if (state === 'failed' || state === 'closed' || !isSeated(session)) this.#end(session);
    else if (state === 'connected' && session.peer !== null) session.seat.adopt(session.peer);
  }

  /** Lets sessions go whose seat is another's now, or nobody's. */
  #forget(which: (session: WhipSession) => boolean): void {
    for (const session of this.#sessions.values()) {
      if (!which(session)) continue;
      this.#sessions.delete(session.id);
      session.peer?.close();
    }
  }

  #end(session: WhipSession): void {
    this.#sessions.delete(session.id);
    session.peer?.close();
    if (isSeated(session)) session.room.leave(session.seat, 'WHIP session ended');
  }

  async #change(
    request: IncomingMessage,
    response: ServerResponse,
    pass: Pass,
    sessionId: string,
  ): Promise<void> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.personId !== pass.personId) {
      throw new ParterreError('unknown_path');
    }
    if (request.method === 'DELETE') {
      this.#end(session);
      response.writeHead(200).end();
      return;
    }
    requireType(request, 'application/trickle-ice-sdpfrag');
    const match = request.headers['if-match'];
    const fragment = await bodyOf(request);
    // RFC 9725 §4.3: candidates name the session they belong to; `*` asks for an ICE restart.
    if (match === undefined) response.writeHead(428).end();
    else if (match === '*') throw new ParterreError('sdp_invalid', 'There are no ICE restarts.');
    else if (match !== `"${session.id}"`) response.writeHead(412).end();
    else {
      const candidates = [...fragment.matchAll(/^a=(candidate:.{1,500}?)\r?$/gm)];
      for (const [, candidate = ''] of candidates.slice(0, CANDIDATES_MAX)) {
        session.peer?.addCandidate(candidate, '');
      }
      response.writeHead(204).end();
    }
  }
}

/** Whether its seat has not been taken from it, by a moderator or by the end of the space. */
function isSeated({ room, seat }: WhipSession): boolean {
  return room.seats.get(seat.id) === seat;
}

function requireType(request: IncomingMessage, wanted: string): void {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== wanted) throw new ParterreError('unsupported_media_type', `Send ${wanted}.`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > SIGNAL_BYTES_MAX) throw new ParterreError('too_large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** `Link` values (RFC 9725 §4.6). */
function linksOf({ urls, username, credential }: IceServer): string[] {
  const secret =
    username === undefined || credential === undefined
      ? ''
      : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
  return urls.map((url) => `<${url}>; rel="ice-server"${secret}`);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/g, '')}"`;
}
