/**
 * Questions and answers as a page asks them: one after the other over one connection, which is opened anew
 * where it is gone. Nothing is held but a socket and what has come of an answer.
 */
import { connect, isIP, type Socket } from 'node:net';
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

/** What a TLS connection asks for: an address is no name (RFC 6066 §3), and none is asked for then. */
export function serverNameOf(host: string): string {
  return isIP(host) === 0 ? host : '';
}

type Told = (answer: Answer | null) => void;

const BYTES_MAX = 65_536;
const ANSWER_MS_MAX = 8_000;

export class Exchange {
  readonly #where: Where;
  #socket: Socket | null = null;
  #text = '';
  #told: Told | null = null;

  constructor(where: Where) {
    this.#where = where;
  }

  /** One question at a time. @param told hears the answer, or null when there is none */
  ask(method: 'GET' | 'POST', path: string, told: Told): void {
    const { host, port } = this.#where;
    this.#text = '';
    this.#told = told;
    this.#socket ??= this.#open();
    const length = method === 'POST' ? 'Content-Length: 0\r\n' : '';
    this.#socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: keep-alive\r\nUser-Agent: parterre-rehearsal\r\n${length}\r\n`,
      'latin1',
    );
  }

  /** The connection is of no more use; whoever has asked is told nothing. */
  close(): void {
    this.#told = null;
    this.#drop();
  }

  #open(): Socket {
    const { host, port, tls, localAddress } = this.#where;
    const at = { host, port, ...(localAddress !== undefined && { localAddress }) };
    const socket: Socket = tls
      ? connectTls({ ...at, servername: serverNameOf(host) })
      : connect(at);
    const gone = (): void => {
      if (socket === this.#socket) this.#answered(null);
    };
    socket.setTimeout(ANSWER_MS_MAX, gone);
    socket.setEncoding('latin1');
    socket.on('data', (more: string) => {
      if (socket !== this.#socket) return;
      this.#text += more;
      const answer = answerIn(this.#text);
      if (answer !== null || this.#text.length > BYTES_MAX) this.#answered(answer);
    });
    socket.on('error', gone);
    socket.on('close', gone);
    return socket;
  }

  #answered(answer: Answer | null): void {
    if (answer === null) this.#drop();
    const told = this.#told;
    this.#told = null;
    told?.(answer);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }
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
