/**
 * A TCP connection as a listener needs it, without `net.Socket`: one packet in, the same bytes as
 * everybody's out, until either side closes. It takes a fifth of the time of a `net.Socket` to make, and a
 * tenth of its memory, which is what a stampede of joins is made of. Whatever else a connection turns out
 * to be `become`s a `net.Socket`.
 *
 * It stands on Node's own stream handles, as `net.Socket` does, which are not a public interface:
 * `bareSockets` says no on a runtime on which it was not tried, and the edge then uses `net.Socket`.
 *
 * Bounded: a write that the kernel does not take at once is counted in `writableLength` until it does, by
 * reference to the shared bytes; the cohort does not write to one that has too much waiting. What the
 * kernel itself keeps is bounded by `net.ipv4.tcp_wmem`, which Node cannot set for one connection.
 */
import { type Server, Socket } from 'node:net';
import type { Listener, Sink } from './cohort.ts';

/** Major versions of Node whose handles were tried, on Linux alone: there options are inherited by accepted sockets. */
const NODE_MAJORS: ReadonlySet<string> = new Set(['26']);
/** A peer that vanished without a word is found by the kernel's probes after this long idle. */
export const KEEP_ALIVE_S = 30;

/** What happens to a connection; one object for all of a port's. */
export interface BareOwner {
  /** The first packet; it must be answered, or the connection `become`. */
  first(socket: BareSocket, bytes: Buffer): void;
  /** Our side has said its last. */
  ended(socket: BareSocket): void;
  closed(socket: BareSocket): void;
}

interface Handle {
  onread: (this: Handle, bytes: ArrayBuffer | undefined) => void;
  readStart(): number;
  writeBuffer(request: object, bytes: Uint8Array): number;
  shutdown(request: object): number;
  close(): void;
  [BARE]?: BareSocket | undefined;
}

interface ListeningHandle {
  onconnection: (this: ListeningHandle, error: number, client: Handle) => void;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
}

interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void;
  bytes?: Uint8Array;
  socket?: BareSocket;
}

/** Node's `stream_wrap`: the requests, and where a call leaves how it went. */
interface Streams {
  readonly WriteWrap: new () => WriteRequest;
  readonly ShutdownWrap: new () => { oncomplete?: () => void };
  readonly kLastWriteWasAsync: number;
  readonly streamBaseState: Int32Array;
}

const BARE = Symbol('bare');

const streams = findStreams();
const state = streams?.streamBaseState ?? new Int32Array(1);
const ASYNC = streams?.kLastWriteWasAsync ?? 0;
/** Taken by every write that the kernel takes at once, which leaves no trace in it. */
let request = makeRequest();

function findStreams(): Streams | null {
  const major = process.versions.node.split('.')[0] ?? '';
  if (process.platform !== 'linux' || !NODE_MAJORS.has(major)) return null;
  try {
    const { binding } = process as unknown as { binding(name: string): Streams };
    const found = binding.call(process, 'stream_wrap');
    const { WriteWrap, ShutdownWrap, kLastWriteWasAsync, streamBaseState } = found;
    const known =
      typeof WriteWrap === 'function' &&
      typeof ShutdownWrap === 'function' &&
      typeof kLastWriteWasAsync === 'number' &&
      streamBaseState instanceof Int32Array;
    return known ? found : null;
  } catch {
    return null;
  }
}

function makeRequest(): WriteRequest {
  return streams === null ? {} : new streams.WriteWrap();
}

/**
 * Has every connection that `server` accepts from now on come to `accepted` as a `BareSocket`; its
 * 'connection' event then stays silent. Call it when the server listens.
 * @returns false where this cannot be done; nothing is changed then
 */
export function bareSockets(
  server: Server,
  owner: BareOwner,
  accepted: (socket: BareSocket) => void,
): boolean {
  const handle = (server as unknown as { _handle?: Partial<ListeningHandle> | null })._handle;
  const ordinary = handle?.onconnection;
  if (streams === null || handle === null || handle === undefined) return false;
  if (typeof ordinary !== 'function' || typeof handle.setKeepAlive !== 'function') return false;
  if (typeof handle.setNoDelay !== 'function') return false;
  handle.setNoDelay(true);
  handle.setKeepAlive(true, KEEP_ALIVE_S);
  handle.onconnection = function (this: ListeningHandle, error, client): void {
    if (error !== 0) ordinary.call(this, error, client);
    else accepted(new BareSocket(client, owner));
  };
  return true;
}

/** One connection. */
export class BareSocket implements Sink {
  readonly #handle: Handle;
  readonly #owner: BareOwner;
  /** Written, and not yet taken by the kernel. */
  writableLength = 0;
  destroyed = false;
  /** Our side has said its last. */
  writableEnded = false;
  /** Whose it is, once it is being sent the programme. */
  listener: Listener | null = null;
  #heard = false;

  constructor(handle: Handle, owner: BareOwner) {
    this.#handle = handle;
    this.#owner = owner;
    handle[BARE] = this;
    handle.onread = onRead;
    handle.readStart();
  }

  /** What came; undefined is the end, or an error. */
  read(bytes: ArrayBuffer | undefined): void {
    if (bytes === undefined) {
      // Closing its sending side is how a player says goodbye.
      this.destroy();
    } else if (!this.#heard) {
      this.#heard = true;
      this.#owner.first(this, Buffer.from(bytes));
    } else {
      this.listener?.heard(bytes.byteLength);
    }
  }

  /** `bytes` are not copied and must not change. @returns whether nothing waits */
  write(bytes: Uint8Array): boolean {
    if (this.destroyed || this.writableEnded) return false;
    if (this.#handle.writeBuffer(request, bytes) !== 0) {
      request = makeRequest();
      this.destroy();
      return false;
    }
    if (state[ASYNC] !== 0) this.#waits(bytes);
    return this.writableLength === 0;
  }

  /** The kernel has not taken all: the request is this write's alone from here on. */
  #waits(bytes: Uint8Array): void {
    this.writableLength += bytes.length;
    request.oncomplete = onWritten;
    request.bytes = bytes;
    request.socket = this;
    request = makeRequest();
  }

  /** Says the last, and waits for the other side to close; idempotent. */
  end(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.write(bytes);
    if (this.destroyed || this.writableEnded) return;
    this.writableEnded = true;
    const last = new streams!.ShutdownWrap();
    last.oncomplete = nothing;
    if (this.#handle.shutdown(last) < 0) this.destroy();
    else this.#owner.ended(this);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#handle.close();
    this.listener?.gone();
    this.#owner.closed(this);
  }

  /** Hands the connection over to a `net.Socket`, paused, and is destroyed itself; the owner is not told. */
  become(): Socket {
    this.destroyed = true;
    this.#handle[BARE] = undefined;
    const options: object = { handle: this.#handle, allowHalfOpen: true, pauseOnCreate: true };
    return new Socket(options);
  }
}

function onRead(this: Handle, bytes: ArrayBuffer | undefined): void {
  this[BARE]?.read(bytes);
}

function onWritten(this: WriteRequest, status: number): void {
  const { socket, bytes } = this;
  if (socket === undefined || bytes === undefined) return;
  socket.writableLength -= bytes.length;
  if (status < 0) socket.destroy();
}

function nothing(): void {}
