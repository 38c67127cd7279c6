/** Refusals of the stage over HTTP, from the one catalogue; before an upgrade they go to the raw socket. */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERRORS, type ErrorCode, errorBody } from '@parterre/protocol';

export function refuse(response: ServerResponse, code: ErrorCode, detail?: string): void {
  const body = JSON.stringify(errorBody(code, detail));
  response.writeHead(ERRORS[code].status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

export function refuseUpgrade(socket: Duplex, code: ErrorCode): void {
  const body = JSON.stringify(errorBody(code));
  socket.end(
    `HTTP/1.1 ${ERRORS[code].status} Refused\r\nContent-Type: application/json\r\n` +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
