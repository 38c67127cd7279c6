/** A whole stage for tests: real peers on loopback, a programme that only remembers, a port for browsers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromStage, PublicSpace, Role, ToStage } from '@parterre/protocol';
import { WebSocket } from 'ws';
import { MemoryRemovals } from '../adapters/memory/index.ts';
import { systemClock, systemRandom, systemTimers } from '../adapters/system/index.ts';
import { openPeers, type Peers } from '../adapters/webrtc/index.ts';
import type { Log } from '../ports/log.ts';
import type { InputObserver, ProgrammeInput, VoiceSeat } from '../ports/programme-input.ts';
import { signPass } from '../spaces/index.ts';
import { Stage, StageServer, Whip } from './index.ts';

export const KEY = Buffer.alloc(32, 7);
const nothing = (): void => {};
export const quiet: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => quiet,
};

export interface Frame {
  readonly spaceId: string;
  readonly seatId: string;
  readonly source: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** Remembers what the stage gave to the programme. */
export class FakeProgramme implements ProgrammeInput {
  readonly frames: Frame[] = [];
  readonly rosters = new Map<string, readonly VoiceSeat[]>();
  observer: InputObserver | null = null;

  seats(spaceId: string, seats: readonly VoiceSeat[]): void {
    this.rosters.set(spaceId, seats);
  }

  frame(
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void {
    this.frames.push({ spaceId, seatId, source, sequence, timestamp, payload: payload.slice() });
  }

  observe(observer: InputObserver): void {
    this.observer = observer;
  }

  close(): void {}

  of(seatId: string): Frame[] {
    return this.frames.filter((frame) => frame.seatId === seatId);
  }
}

export function publicSpace(id: string, change: Partial<PublicSpace> = {}): PublicSpace {
  return {
    id,
    title: 'Talk',
    host: 'Ada',
    state: 'live',
    profile: 'near',
    rendition: 'voice',
    startsAtMs: 0,
    doorsAtMs: 0,
    liveAtMs: 0,
    endedAtMs: null,
    replayReady: false,
    ...change,
  };
}

export function passFor(spaceId: string, personId: string, role: Role): string {
  const expiresAtMs = Date.now() + 600_000;
  return signPass(KEY, { spaceId, personId, inviteId: '', role, name: personId, expiresAtMs });
}

export interface House {
  readonly stage: Stage;
  readonly peers: Peers;
  readonly programme: FakeProgramme;
  readonly removals: MemoryRemovals;
  /** `http://localhost:…`: an empty page, and the stage behind the same port. */
  readonly url: string;
  /** The stage's unix socket. */
  readonly socketPath: string;
  /** Ends the stage as a kill would: no goodbye. Then a new one takes its place. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openHouse(speakersMax = 8): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'stage-'));
  const path = join(folder, 's');
  const programme = new FakeProgramme();
  const removals = new MemoryRemovals();
  const begin = async (port: number) => {
    const peers = await openPeers({
      port,
      addresses: ['127.0.0.1'],
      peersMax: 64,
      timers: systemTimers,
      log: quiet,
    });
    const stage = new Stage({
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      log: quiet,
      peers,
      input: programme,
      removals,
      passKey: KEY,
      speakersMax,
      iceServers: [],
    });
    programme.observer?.space(publicSpace('talk'));
    const server = new StageServer({ stage, whip: new Whip(stage), publicUrl: '' });
    await server.listen(path);
    return { peers, stage, server };
  };
  let parts = await begin(0);
  const front = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>t</title>');
  });
  front.on('upgrade', (request, socket, head) => {
    const inner = connect(path);
    const headers = request.rawHeaders;
    const lines = headers.flatMap((name, at) =>
      at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : [],
    );
    inner.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    inner.write(head);
    inner.pipe(socket).pipe(inner);
    inner.on('error', () => socket.destroy());
    socket.on('error', () => inner.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(front.address() as AddressInfo).port}`;
  const end = async () => {
    parts.stage.close();
    await parts.server.close();
    await parts.peers.close();
  };
  return {
    get stage() {
      return parts.stage;
    },
    get peers() {
      return parts.peers;
    },
    programme,
    removals,
    url,
    socketPath: path,
    async restart() {
      await end();
      parts = await begin(0);
    },
    async close() {
      await end();
      front.closeAllConnections();
      front.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when `holds` does; tests wait on conditions alone. */
export async function until(holds: () => boolean, what: string, withinMs = 30_000): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Signalling without media. */
export class Caller {
  readonly heard: FromStage[] = [];
  readonly socket: WebSocket;
  closed = false;

  constructor(house: House, pass: string, spaceId = 'talk', origin?: string) {
    const url = `${house.url.replace('http', 'ws').replace('localhost', '127.0.0.1')}/stage/${spaceId}?pass=${pass}`;
    this.socket = new WebSocket(url, origin === undefined ? {} : { origin });
    this.socket.on('message', (data) => this.heard.push(JSON.parse(String(data)) as FromStage));
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('error', () => {
      this.closed = true;
    });
  }

  async join(message: Partial<Extract<ToStage, { type: 'join' }>> = {}): Promise<void> {
    await until(() => this.socket.readyState !== WebSocket.CONNECTING, 'the socket is answered');
    this.send({ type: 'join', name: 'Somebody', clientId: 'one', ...message });
  }

  send(message: ToStage): void {
    this.socket.send(JSON.stringify(message));
  }

  async next<Type extends FromStage['type']>(
    type: Type,
    matches: (message: Extract<FromStage, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<FromStage, { type: Type }>> {
    const find = () =>
      this.heard.findLast(
        (message): message is Extract<FromStage, { type: Type }> =>
          message.type === type && matches(message as Extract<FromStage, { type: Type }>),
      );
    await until(() => find() !== undefined, `a message ${type}`);
    return find()!;
  }
}
