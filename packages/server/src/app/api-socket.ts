/** Asks the api of a server that runs on this data folder, over its unix socket, as this machine. */
import { request } from 'node:http';
import { socketsOf } from './sockets.ts';

const ANSWER_MS_MAX = 10_000;
const ANSWER_LENGTH_MAX = 8 * 1024 * 1024;

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** @returns null when no server runs there */
export function askApi(dataDir: string, method: string, path: string): Promise<ApiAnswer | null> {
  return new Promise((resolve) => {
    const asked = request({
      socketPath: socketsOf(dataDir).api,
      method,
      path,
      headers: { host: 'localhost' },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    asked.on('error', () => resolve(null));
    asked.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
        if (body.length > ANSWER_LENGTH_MAX) response.destroy();
      });
      response.on('error', () => resolve(null));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('close', () => resolve(null));
    });
    asked.end();
  });
}
