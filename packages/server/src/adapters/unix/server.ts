/**
 * Serves the programme's three ports on one unix socket. A record is encoded once for all readers. A
 * reader that does not read is bounded: beyond QUEUE_BYTES_MAX its connection is dropped and it resumes
 * where it stopped; the records of many spaces that it gets at its beginning do not count. The socket file appears by rename, so that no client ever meets a half-made one, and a
 * stale one is replaced; refuses to start beside a programme that still answers.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ParterreError } from '@parterre/protocol';
import type { Log } from '../../ports/log.ts';
import type { ProgrammeControl, SpacePlan } from '../../ports/programme-control.ts';
import type { FeedSource, GroupSeats } from '../../ports/programme-feed.ts';
import type { ProgrammeInput, VoiceSeat } from '../../ports/programme-input.ts';
import type { ProgrammeRecord } from '../../ports/programme-log.ts';
import { encodeRecord } from '../codec/index.ts';
import { encodeJson, FrameParser } from './framing.ts';
import {
  type AnswerBody,
  encodeRecordFrame,
  FRAME,
  type Hello,
  parseJson,
  type RelaunchBody,
  type RequestBody,
  readVoiceFrame,
  WIRE_VERSION,
} from './wire.ts';

/** Most that waits for one reader beyond what it is told at its beginning, bytes: some minutes of programme. */
const QUEUE_BYTES_MAX = 8 * 1024 * 1024;
const CONNECTIONS_MAX = 256;

/** The programme as this server needs it: each connection opens its own input or control. */
export interface ProgrammeEnd extends FeedSource {
  openInput(): ProgrammeInput;
  openControl(): ProgrammeControl;
}

export interface UnixServerOptions {
  readonly path: string;
  readonly programme: ProgrammeEnd;
  readonly log: Log;
}

/** What belongs to one connection after its hello. */
interface Session {
  take(type: number, body: Buffer): void;
  close(): void;
}

export class UnixServer {
  private readonly options: UnixServerOptions;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly encoded = new LastRecord();
  private inode = 0;

  private constructor(options: UnixServerOptions) {
    this.options = options;
    this.server = createServer((socket) => this.serve(socket));
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** Whether a process answers at `path`: then another programme is alive. */
  static answers(path: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ path });
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }

  /** Listens at `path`, replacing what lies there. */
  static async listen(options: UnixServerOptions): Promise<UnixServer> {
    const unix = new UnixServer(options);
    const draft = `${options.path}.${process.pid}`;
    rmSync(draft, { force: true });
    await new Promise<void>((resolve, reject) => {
      unix.server.once('error', reject);
      unix.server.listen({ path: draft, backlog: CONNECTIONS_MAX }, resolve);
    });
    unix.inode = statSync(draft).ino;
    renameSync(draft, options.path);
    return unix;
  }

  /** Clients connected now. */
  get clients(): number {
    return this.sockets.size;
  }

  /** Stops listening and ends every connection after what is queued for it. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.removeSocketFile();
    for (const socket of this.sockets) socket.destroySoon();
    await closed;
  }

  private removeSocketFile(): void {
    // A successor may have put its own in place already.
    const { path } = this.options;
    if (statSync(path, { throwIfNoEntry: false })?.ino === this.inode)
      rmSync(path, { force: true });
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let session: Session | null = null;
    const parser = new FrameParser((type, body) => {
      if (session !== null) session.take(type, body);
      else session = this.begin(type, body, socket);
    });
    socket.on('data', (piece: Buffer) => {
      try {
        parser.push(piece);
      } catch (error) {
        this.options.log.error({ error: String(error) }, 'unreadable frame from a client');
        socket.destroy();
      }
    });
    socket.on('error', (error) => {
      this.options.log.debug({ error: error.message }, 'client connection failed');
    });
    socket.on('close', () => {
      this.sockets.delete(socket);
      session?.close();
      session = null;
    });
  }

  private begin(type: number, body: Buffer, socket: Socket): Session {
    const hello = type === FRAME.hello ? parseJson<Hello>(body) : null;
    if (hello?.version !== WIRE_VERSION) throw new RangeError('The first frame is not a hello.');
    // What is said at once, two minutes of every space, is bounded by what the programme keeps.
    let queueBytesMax = Number.POSITIVE_INFINITY;
    process.nextTick(() => {
      queueBytesMax = QUEUE_BYTES_MAX + socket.writableLength;
    });
    const { programme, log } = this.options;
    const send = (frame: Buffer): void => {
      if (socket.destroyed) return;
      if (socket.writableLength <= queueBytesMax) socket.write(frame);
      else {
        log.warn({ queuedBytes: socket.writableLength, port: hello.port }, 'slow client dropped');
        socket.destroy();
      }
    };
    socket.cork();
    process.nextTick(() => socket.uncork());
    if (hello.port === 'feed') return new FeedSession(programme, hello, send, this.encoded);
    if (hello.port === 'input') return new InputSession(programme.openInput(), send);
    if (hello.port === 'control') return new ControlSession(programme.openControl(), send, log);
    throw new RangeError('The hello names no port.');
  }
}

type Send = (frame: Buffer) => void;

/** The frame of the record last sent: the same one goes to every reader in turn. */
class LastRecord {
  private record: ProgrammeRecord | null = null;
  private bytes: Buffer = Buffer.alloc(0);

  frame(spaceId: string, rendition: string, record: ProgrammeRecord): Buffer {
    if (this.record !== record) {
      this.bytes = encodeRecordFrame(spaceId, rendition, encodeRecord(record));
      this.record = record;
    }
    return this.bytes;
  }
}

class FeedSession implements Session {
  private readonly attached: { close(): void };

  constructor(
    source: FeedSource,
    hello: Hello & { port: 'feed' },
    send: Send,
    encoded: LastRecord,
  ) {
    const reader = {
      space: (space: unknown, anchorMs: number | null, groups: readonly GroupSeats[]) =>
        send(encodeJson(FRAME.space, { space, anchorMs, groups })),
      removed: (spaceId: string) => send(encodeJson(FRAME.removed, spaceId)),
      record: (spaceId: string, rendition: string, record: ProgrammeRecord) =>
        send(encoded.frame(spaceId, rendition, record)),
    };
    this.attached = source.attach(reader, hello.tailChunks, hello.positions);
    send(encodeJson(FRAME.ready, null));
  }

  take(type: number): void {
    throw new RangeError(`Frame type ${type} does not belong to the feed.`);
  }

  close(): void {
    this.attached.close();
  }
}

class InputSession implements Session {
  private readonly input: ProgrammeInput;

  constructor(input: ProgrammeInput, send: Send) {
    this.input = input;
    input.observe({
      space: (space) => send(encodeJson(FRAME.space, { space, anchorMs: null })),
      removed: (spaceId) => send(encodeJson(FRAME.removed, spaceId)),
      levels: (spaceId, levels, programme) =>
        send(encodeJson(FRAME.levels, { spaceId, levels, programme })),
    });
    send(encodeJson(FRAME.ready, null));
  }

  take(type: number, body: Buffer): void {
    if (type === FRAME.voice) {
      readVoiceFrame(body, (spaceId, seatId, source, sequence, timestamp, payload) =>
        this.input.frame(spaceId, seatId, source, sequence, timestamp, payload),
      );
    } else if (type === FRAME.seats) {
      const { spaceId, seats } = parseJson<{ spaceId: string; seats: VoiceSeat[] }>(body);
      this.input.seats(spaceId, seats);
    } else {
      throw new RangeError(`Frame type ${type} does not belong to the input.`);
    }
  }

  close(): void {
    this.input.close();
  }
}

class ControlSession implements Session {
  private readonly control: ProgrammeControl;
  private readonly send: Send;
  private readonly log: Log;

  constructor(control: ProgrammeControl, send: Send, log: Log) {
    this.control = control;
    this.send = send;
    this.log = log;
    control.observe(
      (space) => send(encodeJson(FRAME.space, { space, anchorMs: null })),
      (spaceId) => send(encodeJson(FRAME.removed, spaceId)),
    );
    send(encodeJson(FRAME.ready, null));
  }

  take(type: number, body: Buffer): void {
    if (type !== FRAME.request) {
      throw new RangeError(`Frame type ${type} does not belong to the control.`);
    }
    void this.answer(parseJson<RequestBody>(body));
  }

  close(): void {
    this.control.close();
  }

  private async answer(request: RequestBody): Promise<void> {
    let answer: AnswerBody;
    try {
      answer = { id: request.id, value: await this.carryOut(request) };
    } catch (error) {
      answer = { id: request.id, error: this.wireError(request, error) };
    }
    this.send(encodeJson(FRAME.answer, answer));
  }

  private carryOut({ name, argument }: RequestBody): Promise<unknown> {
    const { control } = this;
    switch (name) {
      case 'plan':
        return control.plan(argument as SpacePlan);
      case 'openDoors':
        return control.openDoors(argument as string);
      case 'start':
        return control.start(argument as string);
      case 'end':
        return control.end(argument as string);
      case 'relaunch': {
        const { spaceId, successor } = argument as RelaunchBody;
        return control.relaunch(spaceId, successor);
      }
      case 'attendance':
        return control.attendance(argument as string);
      case 'remove':
        return control.remove(argument as string);
      default:
        throw new ParterreError('bad_request', `There is no request "${String(name)}".`);
    }
  }

  private wireError(request: RequestBody, error: unknown): { code: string; detail?: string } {
    if (error instanceof ParterreError) {
      const { code, detail } = error;
      return detail === undefined ? { code } : { code, detail };
    }
    this.log.error({ request: request.name, error: String(error) }, 'request failed');
    return { code: 'internal' };
  }
}
