/**
 * The UDP port of all speakers, held by this side with the native library behind it on loopback: for
 * libjuice 1.7 answers 400 to a check with a tie-breaker of zero (its issue 355), and Chromium sends such
 * checks through relays by TCP and TLS. Each remote address has a path, a loopback socket of its own, so
 * that the library tells them apart. A path is opened by a Binding request that is proved, or by a
 * candidate its speaker told; it lives as long as its peer, whom the library knows it by. Everything else
 * from an unknown address is dropped without a word.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram';
import { isIP } from 'node:net';
import { addressBytes } from './address.ts';
import { PACKET_BYTES_MAX } from './native-peer.ts';
import {
  isBindingRequest,
  isBindingSuccess,
  isProved,
  readBindingRequest,
  withMappedAddress,
  withTieBreaker,
} from './stun.ts';

/** Remote addresses of a peer at once; the one longest unused makes room. */
export const PATHS_MAX = 12;
const LOOPBACK = '127.0.0.1';
/** What the library asks for its own socket; the system gives what it allows. */
const BUFFER_BYTES = 2 * 1024 * 1024;
const TARGET = /^(\S+ 1 UDP \d+) (\S+) (\d+) /;

interface Remote {
  readonly address: string;
  readonly port: number;
}

/** @param library the port of the native library @throws Error when the port is taken */
export async function openPublicPort(port: number, library: number): Promise<PublicPort> {
  const four = await bound('udp4', port);
  const taken = four.address().port;
  // A machine without IPv6 has speakers by IPv4.
  const six = await bound('udp6', taken).catch(() => null);
  return new PublicPort(taken, library, four, six);
}

function bound(type: SocketType, port: number): Promise<Socket> {
  const socket = createSocket({
    type,
    ipv6Only: type === 'udp6',
    recvBufferSize: BUFFER_BYTES,
    sendBufferSize: BUFFER_BYTES,
    lookup: numeric,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, () => {
      socket.removeAllListeners('error');
      // A packet that cannot be sent is one that is lost.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** Addresses are numeric here: nothing is looked up, and nothing waits. */
function numeric(
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, isIP(address));
}

export class PublicPort {
  readonly port: number;
  readonly #library: number;
  readonly #four: Socket;
  readonly #six: Socket | null;
  readonly #entrances = new Set<Entrance>();
  readonly #byUfrag = new Map<string, Entrance>();
  readonly #paths = new Map<string, Path>();
  /** Packets so far: the age of a path's last. */
  #packets = 0;

  constructor(port: number, library: number, four: Socket, six: Socket | null) {
    this.port = port;
    this.#library = library;
    this.#four = four;
    this.#six = six;
    for (const socket of [four, six])
      socket?.on('message', (packet, from) => this.#arrived(packet, from));
  }

  /** Addresses with an open path. */
  get open(): number {
    return this.#paths.size;
  }

  /** Lets in who knows a peer's credentials, until it is closed. */
  entrance(ufrag: string, pwd: string): Entrance {
    const entrance = new Entrance(ufrag, pwd, {
      path: (remote) => this.#path(entrance, remote),
      closed: () => this.#left(entrance),
    });
    this.#entrances.add(entrance);
    this.#byUfrag.set(ufrag, entrance);
    return entrance;
  }

  close(): void {
    for (const entrance of this.#entrances) entrance.close();
    this.#four.close();
    this.#six?.close();
  }

  #arrived(packet: Buffer, from: RemoteInfo): void {
    if (packet.length > PACKET_BYTES_MAX || from.port === 0) return;
    const path = this.#paths.get(keyOf(from));
    if (!isBindingRequest(packet)) {
      if (path !== undefined) this.#pass(path, packet);
      return;
    }
    const request = readBindingRequest(packet);
    const entrance = request === null ? undefined : this.#byUfrag.get(request.ufrag);
    if (request === null || entrance === undefined) return;
    const known = path?.entrance === entrance ? path : null;
    if (known !== null && !request.tieless) {
      this.#pass(known, packet);
      return;
    }
    const { pwd } = entrance;
    if (!isProved(packet, request.integrityAt, pwd)) return;
    const { address, port } = from;
    this.#pass(
      known ?? this.#path(entrance, { address, port }),
      request.tieless ? withTieBreaker(packet, request, pwd) : packet,
    );
  }

  #pass(path: Path, packet: Buffer): void {
    this.#packets += 1;
    path.usedAt = this.#packets;
    path.pass(packet);
  }

  /** A new path, or the peer's longest unused one for a new address. */
  #path(entrance: Entrance, remote: Remote): Path {
    const former = this.#paths.get(keyOf(remote));
    if (former?.entrance === entrance) return former;
    const spare = entrance.spare();
    if (spare !== null) this.#forget(spare);
    const path = spare ?? new Path(entrance, this.#library, (packet, to) => this.#send(packet, to));
    path.turn(remote);
    entrance.paths.add(path);
    this.#paths.set(keyOf(remote), path);
    return path;
  }

  #send(packet: Buffer, { address, port }: Remote): void {
    const socket = isIP(address) === 4 ? this.#four : this.#six;
    socket?.send(packet, port, address);
  }

  #left(entrance: Entrance): void {
    for (const path of entrance.paths) this.#forget(path);
    this.#entrances.delete(entrance);
    if (this.#byUfrag.get(entrance.ufrag) === entrance) this.#byUfrag.delete(entrance.ufrag);
  }

  /** The address may be another peer's by now. */
  #forget(path: Path): void {
    const key = keyOf(path.remote);
    if (this.#paths.get(key) === path) this.#paths.delete(key);
  }
}

function keyOf({ address, port }: Remote): string {
  return `${address} ${port}`;
}

/** Where one peer's packets come in. */
export class Entrance {
  readonly ufrag: string;
  readonly pwd: string;
  readonly paths = new Set<Path>();
  readonly #port: { path(remote: Remote): Path; closed(): void };
  #closed = false;

  constructor(ufrag: string, pwd: string, port: { path(remote: Remote): Path; closed(): void }) {
    this.ufrag = ufrag;
    this.pwd = pwd;
    this.#port = port;
  }

  /** @returns the checked line of a remote candidate with the path to it as its address; null when none is left */
  async candidate(line: string): Promise<string | null> {
    const [, head, address = '', port] = TARGET.exec(line) ?? [];
    if (head === undefined || this.#closed || this.paths.size === PATHS_MAX) return null;
    const path = this.#port.path({ address, port: Number(port) });
    const local = await path.opened;
    return local === null ? null : line.replace(TARGET, `${head} ${LOOPBACK} ${local} `);
  }

  /** The longest unused path when there are as many as there may be. */
  spare(): Path | null {
    if (this.paths.size < PATHS_MAX) return null;
    return [...this.paths].reduce((one, other) => (other.usedAt < one.usedAt ? other : one));
  }

  /** When the library has done with the peer: before, another peer’s path must not get a port it knows. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.closed();
    for (const path of this.paths) path.close();
  }
}

/** One remote address, as the library sees it: a socket on loopback. */
class Path {
  readonly entrance: Entrance;
  usedAt = 0;
  /** Its port; null when it could not be had. */
  readonly opened: Promise<number | null>;
  remote: Remote = { address: '', port: 0 };
  readonly #socket: Socket;
  readonly #send: (packet: Buffer, to: Remote) => void;
  #mapped: Uint8Array = new Uint8Array(0);
  #state: 'opening' | 'open' | 'closed' = 'opening';
  /** The packet that opened it. */
  #first: Buffer | null = null;

  constructor(entrance: Entrance, library: number, send: (packet: Buffer, to: Remote) => void) {
    this.entrance = entrance;
    this.#send = send;
    this.#socket = createSocket({ type: 'udp4', lookup: numeric });
    this.#socket.on('message', (packet) => this.#back(packet));
    const opened = Promise.withResolvers<number | null>();
    this.opened = opened.promise;
    this.#socket.on('error', () => {
      if (this.#state === 'opening') this.close();
    });
    this.#socket.on('close', () => opened.resolve(null));
    this.#socket.once('connect', () => {
      if (this.#state !== 'opening') return;
      this.#state = 'open';
      opened.resolve(this.#socket.address().port);
      if (this.#first !== null) this.#socket.send(this.#first);
      this.#first = null;
    });
    this.#socket.bind(0, LOOPBACK, () => {
      if (this.#state === 'opening') this.#socket.connect(library, LOOPBACK);
    });
  }

  turn(remote: Remote): void {
    this.remote = remote;
    this.#mapped = addressBytes(remote.address) ?? this.#mapped;
  }

  /** Towards the library. */
  pass(packet: Buffer): void {
    if (this.#state === 'open') this.#socket.send(packet);
    else if (this.#state === 'opening') this.#first ??= packet;
  }

  /** From the library, which takes the loopback address for the other side’s. */
  #back(packet: Buffer): void {
    const { remote, entrance } = this;
    const told = isBindingSuccess(packet)
      ? withMappedAddress(packet, this.#mapped, remote.port, entrance.pwd)
      : packet;
    this.#send(told, remote);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.close();
  }
}
