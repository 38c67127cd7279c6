/**
 * The Fastify instance the api stands on, with every bound it has: bodies, parameters, times. What a
 * request's id is, who is believed about addresses, and what answers something that is hardly HTTP.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { ERRORS, type ErrorCode, errorBody, type IceServer } from '@parterre/protocol';
import type { ServerDescription } from '@parterre/protocol/rehearsal';
import type { SigningKey } from '@parterre/rehearsal/signing';
import Fastify from 'fastify';
import type { Registry } from 'prom-client';
import type { ClipStore } from '../ports/clips.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Removals } from '../ports/removals.ts';
import type { Store } from '../ports/store.ts';
import { answerError } from './answers.ts';
import type { Callers } from './caller.ts';
import type { Directory } from './directory.ts';

const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS_MAX = 30_000;
/** Longer than the edge keeps an idle connection, so that the edge is the one who closes it. */
const KEEP_ALIVE_MS = 75_000;
const PARAM_LENGTH_MAX = 128;
const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

export interface ApiOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly removals: Removals;
  readonly clips: ClipStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly passKey: Uint8Array;
  readonly ownerKey: Uint8Array;
  /** Where people reach this server, without a trailing slash. */
  readonly publicUrl: string;
  /** Proxies between a client and this socket, each of which appends to X-Forwarded-For. */
  readonly proxyHops: number;
  readonly iceServers: readonly IceServer[];
  readonly version: string;
  /** Signs capacity certificates and rehearsal permits. */
  readonly signing: SigningKey;
  /** This server as its capacity depends on it. */
  readonly server: ServerDescription;
  /** Puts the newest certificate's text where commands find it; a failure is the caller's to log. */
  readonly keepNewest: (text: string) => Promise<void>;
  readonly machine: Machine;
  readonly metrics: Registry;
  readonly collectMetrics: () => Promise<string>;
}

/** What a checklist asks of the machine. */
export interface Machine {
  /** Hours of programme, with their replay, that the data disk has room for. */
  diskHours(): number;
  /** Null where it cannot be told. */
  clockSynchronised(): Promise<boolean | null>;
}

/** What a group of routes is given. */
export interface RouteContext extends ApiOptions {
  readonly callers: Callers;
}

export type Api = ReturnType<typeof newInstance>;

export function newInstance({ random, proxyHops, log }: ApiOptions) {
  return Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: (_address, hop) => hop < proxyHops,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
      return Buffer.from(random.bytes(12)).toString('base64url');
    },
    // A field that is not known is an error, and nothing is made into what it is not.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply, log);
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return socket.destroy(error);
      const code = (error as NodeJS.ErrnoException).code;
      socket.end(rawAnswer(code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'bad_request'));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
}

/** An answer to something that is not HTTP enough to have a reply. */
function rawAnswer(code: ErrorCode): string {
  const body = JSON.stringify(errorBody(code));
  return [
    `HTTP/1.1 ${ERRORS[code].status} ${code}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
