/**
 * Refusals of the full HTTP server: one body for all, from the one catalogue of errors, on a response
 * or on a bare connection.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ERRORS, type ErrorCode, errorBody } from '@parterre/protocol';
import { type Refusal, refusalBody, refusalFields } from './answers.ts';

/** Refuses with the body every refusal has. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  code: ErrorCode,
  detail?: string,
  retryAfterS?: number,
): void {
  refuseAs(request, response, { refusal: code, detail, retryAfterS });
}

/** The same, with all there is to say. */
export function refuseAs(
  request: IncomingMessage,
  response: ServerResponse,
  refused: Refusal,
): void {
  if (response.headersSent) return void response.destroy();
  const body = refusalBody(refused.refusal, refused.detail);
  response.writeHead(ERRORS[refused.refusal].status, {
    ...refusalFields(refused),
    'content-length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The same, with what the client needs beside the error. */
export function refuseWith(
  request: IncomingMessage,
  response: ServerResponse,
  code: ErrorCode,
  beside: Readonly<Record<string, unknown>>,
): void {
  const body = Buffer.from(JSON.stringify({ ...errorBody(code), ...beside }));
  response.writeHead(ERRORS[code].status, {
    ...refusalFields({}),
    'content-length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Refuses on a connection that has no response object. */
export function endRaw(socket: Socket, code: ErrorCode, retryAfterS?: number): void {
  const body = refusalBody(code, undefined);
  let head = `HTTP/1.1 ${ERRORS[code].status} Refused\r\nconnection: close\r\ncontent-length: ${body.length}\r\n`;
  for (const [name, value] of Object.entries(refusalFields({ retryAfterS })))
    head += `${name}: ${value}\r\n`;
  socket.end(Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]));
}
