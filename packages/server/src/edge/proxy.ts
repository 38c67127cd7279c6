/**
 * Passes requests to another process of this machine over its unix socket. A part that is away is a
 * plain answer with a time, never a hanging connection. What a client says of its own address is
 * believed only where a proxy of one's own stands in front.
 *
 * A request goes on when it is whole, and framed anew: who sends slowly holds a connection here and none
 * of the part's, and no two parsers can disagree on where a request ends (RFC 9112 §11.2). Bounded: a
 * body, and all bodies together.
 */
import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { ErrorCode } from '@parterre/protocol';
import { createProxyServer, type ProxyServer } from 'httpxy';
import { type ForwardedBy, parseForwarded } from './forwarded.ts';
import type { Peers } from './peers.ts';
import { endRaw, refuse } from './refuse.ts';

/** The largest body that is passed on; session descriptions and settings are far smaller. */
export const BODY_BYTES_MAX = 262_144;
/** Of all bodies that are held at once; beyond it a request is asked to come again. */
const HELD_BYTES_MAX = 33_554_432;
const ANSWER_MS_MAX = 30_000;
const UPGRADE_MS_MAX = 10_000;
const CONNECTIONS_MAX = 256;
const AWAY_RETRY_S = 1;

export interface PartProxyOptions {
  readonly socketPath: string;
  /** Believe what `Forwarded` and `X-Forwarded-*` of the request say. */
  readonly trustProxy: boolean;
  readonly peers: Peers;
  readonly secure: boolean;
  readonly heldBytesMax?: number;
}

export class PartProxy {
  readonly #options: PartProxyOptions;
  readonly #proxy: ProxyServer;
  #heldBytes = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: 16 });

  constructor(options: PartProxyOptions) {
    this.#options = options;
    this.#proxy = createProxyServer({
      target: { socketPath: options.socketPath },
      proxyTimeout: ANSWER_MS_MAX,
      upgradeTimeout: UPGRADE_MS_MAX,
    });
    // How long that connection is kept says nothing about this one.
    this.#proxy.on('proxyRes', (answer) => delete answer.headers['keep-alive']);
    this.#proxy.on('error', (_error, request, outlet) => this.#failed(request, outlet));
  }

  forward(request: IncomingMessage, response: ServerResponse): void {
    if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) {
      response.setHeader('connection', 'close');
      refuse(request, response, 'too_large');
      return;
    }
    this.#describeClient(request);
    if (request.headers['content-length'] === undefined && !isChunked(request)) {
      this.#pass(request, response, NOTHING);
      return;
    }
    this.#whole(request, response, (body) => {
      request.headers['content-length'] = String(body.length);
      this.#pass(request, response, body);
    });
  }

  /** Gathers the body; what is too much is refused, what is abandoned forgotten. */
  #whole(request: IncomingMessage, response: ServerResponse, done: (body: Buffer) => void): void {
    const { heldBytesMax = HELD_BYTES_MAX } = this.#options;
    const parts: Buffer[] = [];
    let bytes = 0;
    const giveUp = (code: ErrorCode, retryAfterS?: number): void => {
      request.removeListener('data', take);
      request.removeListener('end', end);
      request.resume();
      response.setHeader('connection', 'close');
      refuse(request, response, code, undefined, retryAfterS);
    };
    const take = (part: Buffer): void => {
      bytes += part.length;
      this.#heldBytes += part.length;
      parts.push(part);
      if (bytes > BODY_BYTES_MAX) giveUp('too_large');
      else if (this.#heldBytes > heldBytesMax) giveUp('part_away', AWAY_RETRY_S);
    };
    const end = (): void => done(Buffer.concat(parts));
    request.on('data', take);
    request.on('end', end);
    request.on('error', ignore);
    // An answer that waits behind another one has no end of its own when the connection breaks.
    const { socket } = request;
    const release = (): void => {
      response.removeListener('close', release);
      socket.removeListener('close', release);
      this.#heldBytes -= bytes;
    };
    response.once('close', release);
    socket.once('close', release);
  }

  #pass(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const kept = response.shouldKeepAlive && response.getHeader('connection') !== 'close';
    for (const name of HOP_BY_HOP) delete request.headers[name];
    request.headers.connection = kept ? 'keep-alive' : 'close';
    const source = Readable.from(body.length === 0 ? [] : [body]);
    this.#proxy
      .web(request, response, { buffer: source, agent: this.#agent })
      .catch(() => this.#failed(request, response));
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#describeClient(request);
    this.#proxy.ws(request, socket, {}, head).catch(() => this.#failed(request, socket));
  }

  close(): void {
    this.#agent.destroy();
  }

  #failed(request: IncomingMessage | undefined, outlet: ServerResponse | Socket | undefined): void {
    if (outlet === undefined || request === undefined) return;
    if ('writeHead' in outlet) {
      if (outlet.writableEnded) return;
      refuse(request, outlet, 'part_away', undefined, AWAY_RETRY_S);
      return;
    }
    if (outlet.writable && outlet.bytesWritten === 0) {
      endRaw(outlet, 'part_away', AWAY_RETRY_S);
      return;
    }
    outlet.destroy();
  }

  /** Writes who asks into the fields the other part reads, over anything that came from outside. */
  #describeClient(request: IncomingMessage): void {
    const { headers } = request;
    const { trustProxy, secure, peers } = this.#options;
    const peer = peers.of(request.socket);
    const { address, proto, host } = trustProxy ? saidOf(headers) : NOTHING_SAID;
    const relayed = Object.keys(headers).filter((name) => FORWARDING.test(name));
    for (const name of relayed) delete headers[name];
    // Who asked is not known then, but it was not the peer: it must not pass for this machine.
    if (relayed.length > 0) headers.forwarded = UNKNOWN_FORWARDER;
    headers['x-forwarded-for'] = address === null ? peer : `${address}, ${peer}`;
    headers['x-forwarded-proto'] = proto ?? (secure ? 'https' : 'http');
    if (host !== null) headers['x-forwarded-host'] = host;
  }
}

/**
 * What the proxy in front says of the client. A proxy writes one of the two ways and may pass on what a
 * client made up of the other: when both are there and name different clients, neither is believed.
 */
function saidOf(headers: IncomingHttpHeaders): ForwardedBy {
  const older: ForwardedBy = {
    address: textOf(headers['x-forwarded-for']),
    proto: textOf(headers['x-forwarded-proto']),
    host: textOf(headers['x-forwarded-host']),
  };
  const field = textOf(headers.forwarded);
  if (field === null) return older;
  const standard = parseForwarded(field);
  if (older.address === null) return standard ?? NOTHING_SAID;
  const nearest = older.address.split(',').at(-1)!.trim();
  if (standard?.address === nearest) return older;
  return { ...older, address: null };
}

function textOf(field: string | string[] | undefined): string | null {
  return field === undefined ? null : String(field);
}

const NOTHING_SAID: ForwardedBy = { address: null, proto: null, host: null };
/** RFC 7239 §6.2. */
const UNKNOWN_FORWARDER = 'for=unknown';
const FORWARDING = /^(?:forwarded|x-real-ip|x-forwarded-.*)$/;

/** Between a client and this edge alone (RFC 9110 §7.6.1); the next connection has its own. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const NOTHING = Buffer.alloc(0);

function isChunked(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined;
}

function ignore(): void {}
