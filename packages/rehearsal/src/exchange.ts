/**
 * One question and its answer, as a page asks: on a connection of its own, which is closed when the answer
 * is whole. Nothing is held for it but a socket and what has come.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Where {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly localAddress?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** `cancel` forgets it; nobody is told then. */
export interface Exchange {
  cancel(): void;
}

const BYTES_MAX = 65_536;
const ANSWER_MS_MAX = 8_000;

/** @param told hears the answer, or null when there is none */
export function exchange(
  where: Where,
  method: 'GET' | 'POST',
  path: string,
  told: (answer: Answer | null) => void,
): Exchange {
  const { host, port, tls, localAddress } = where;
  const at = { host, port, ...(localAddress !== undefined && { localAddress }) };
  const socket: Socket = tls ? connectTls({ ...at, servername: host }) : connect(at);
  let text = '';
  let over = false;
  const end = (answer: Answer | null): void => {
    if (over) return;
    over = true;
    socket.destroy();
    told(answer);
  };
  socket.setTimeout(ANSWER_MS_MAX, () => end(null));
  socket.setEncoding('latin1');
  socket.on('data', (more: string) => {
    text += more;
    const answer = answerIn(text);
    if (answer !== null || text.length > BYTES_MAX) end(answer);
  });
  socket.on('error', () => end(null));
  socket.on('close', () => end(null));
  const length = method === 'POST' ? 'Content-Length: 0\r\n' : '';
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: keep-alive\r\nUser-Agent: parterre-rehearsal\r\n${length}\r\n`,
    'latin1',
  );
  return {
    cancel() {
      over = true;
      socket.destroy();
    },
  };
}

/** A whole answer; null while it is not. */
function answerIn(text: string): Answer | null {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return null;
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  const body = text.slice(head + 4);
  return body.length < length ? null : { status, body };
}
