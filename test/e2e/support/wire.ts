/** Speaking to the server below the level of any library: raw bytes on a socket, raw words to the stage. */
import { connect } from 'node:net';
import type { FromStage } from '@parterre/protocol';
import { until } from './server.ts';

/** What came back on a raw connection. */
export interface RawAnswer {
  readonly text: string;
  /** The server has closed, or reset, the connection. */
  readonly closed: boolean;
}

/** A connection that sends what it is told and keeps what comes. */
export class RawConnection {
  readonly #socket;
  #text = '';
  #closed = false;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.#socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1');
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
    });
    this.#socket.on('end', () => {
      this.#closed = true;
    });
  }

  get answer(): RawAnswer {
    return { text: this.#text, closed: this.#closed };
  }

  send(bytes: string | Uint8Array): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Says that nothing more will be sent. */
  end(): this {
    this.#socket.end();
    return this;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** A conversation with the stage that says whatever it is told. */
export class StageTalk {
  readonly heard: FromStage[] = [];
  /** RFC 6455 close code; null while it is open. */
  closed: number | null = null;
  readonly #socket: WebSocket;

  constructor(url: string, space: string, pass: string) {
    const address = new URL(`/stage/${space}?pass=${pass}`, url);
    address.protocol = 'ws:';
    this.#socket = new WebSocket(address);
    this.#socket.addEventListener('message', ({ data }) => {
      this.heard.push(JSON.parse(String(data)) as FromStage);
    });
    this.#socket.addEventListener('close', ({ code }) => {
      this.closed = code;
    });
    this.#socket.addEventListener('error', () => {});
  }

  async open(): Promise<this> {
    await until(() => this.#socket.readyState !== WebSocket.CONNECTING, 'the stage answers');
    return this;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  say(message: object | string | Uint8Array<ArrayBuffer>): void {
    const raw = typeof message === 'string' || message instanceof Uint8Array;
    this.#socket.send(raw ? message : JSON.stringify(message));
  }

  join(name: string, clientId: string, takeOver = false): void {
    this.say({ type: 'join', name, clientId, takeOver });
  }

  /** The first message of a kind, once it has come. */
  async hear<T extends FromStage['type']>(type: T): Promise<Extract<FromStage, { type: T }>> {
    const find = (): FromStage | undefined => this.heard.find((message) => message.type === type);
    await until(
      () => find() !== undefined || this.closed !== null,
      `the stage says "${type}"; it said ${this.heard.map((message) => message.type).join()}`,
    );
    const message = find();
    if (message === undefined) throw new Error(`The stage closed without "${type}".`);
    return message as Extract<FromStage, { type: T }>;
  }

  close(): void {
    this.#socket.close();
  }
}
