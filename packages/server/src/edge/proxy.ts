/**
 * Passes requests to another process of this machine over its unix socket. A part that is away is a
 * plain answer with a time, never a hanging connection. What a client says of its own address is
 * believed only where a proxy of one's own stands in front.
 */
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';
import { createProxyServer, type ProxyServer } from 'httpxy';
import { endRaw, refuse } from './refuse.ts';

/** The largest body that is passed on; session descriptions and settings are far smaller. */
export const BODY_BYTES_MAX = 262_144;
const ANSWER_MS_MAX = 30_000;
const UPGRADE_MS_MAX = 10_000;
const CONNECTIONS_MAX = 256;
const AWAY_RETRY_S = 1;

export interface PartProxyOptions {
  readonly socketPath: string;
  /** Believe `X-Forwarded-*` of the request. */
  readonly trustProxy: boolean;
  readonly secure: boolean;
}

export class PartProxy {
  readonly #options: PartProxyOptions;
  readonly #proxy: ProxyServer;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: 16 });

  constructor(options: PartProxyOptions) {
    this.#options = options;
    this.#proxy = createProxyServer({
      target: { socketPath: options.socketPath },
      proxyTimeout: ANSWER_MS_MAX,
      upgradeTimeout: UPGRADE_MS_MAX,
    });
    this.#proxy.on('error', (_error, request, outlet) => this.#failed(request, outlet));
  }

  forward(request: IncomingMessage, response: ServerResponse): void {
    if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) {
      response.setHeader('connection', 'close');
      refuse(request, response, 'too_large');
      return;
    }
    this.#describeClient(request);
    const limit = new BodyLimit();
    limit.on('error', () => {
      response.setHeader('connection', 'close');
      refuse(request, response, 'too_large');
    });
    // An answer ends what the client has still to say; an abandoned request ends the answer.
    request.on('error', ignore);
    this.#proxy
      .web(request, response, { buffer: request.pipe(limit), agent: this.#agent })
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
    const { trustProxy, secure } = this.#options;
    const peer = request.socket.remoteAddress ?? '';
    const before = trustProxy ? headers['x-forwarded-for'] : undefined;
    const scheme = trustProxy ? headers['x-forwarded-proto'] : undefined;
    const host = trustProxy ? headers['x-forwarded-host'] : undefined;
    for (const name of Object.keys(headers)) if (FORWARDING.test(name)) delete headers[name];
    headers['x-forwarded-for'] = before === undefined ? peer : `${String(before)}, ${peer}`;
    headers['x-forwarded-proto'] =
      scheme === undefined ? (secure ? 'https' : 'http') : String(scheme);
    if (host !== undefined) headers['x-forwarded-host'] = host;
  }
}

const FORWARDING = /^(?:forwarded|x-real-ip|x-forwarded-.*)$/;

/** Passes bytes through up to the limit, then fails. */
class BodyLimit extends Transform {
  #bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > BODY_BYTES_MAX) done(new Error('The body is larger than its limit.'));
    else done(null, chunk);
  }
}

function ignore(): void {}
