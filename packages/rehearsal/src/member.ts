/**
 * One virtual listener: joins, listens, comes back when its connection is lost, leaves. When to give a
 * connection up and when to try again is the player's own rule (`@parterre/client/backoff`). Nothing is
 * held for it but this object and its socket; all members of a process share one buffer to read into.
 */
import { connect, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseRetryAfterMs, retryDelayMs, stallMs } from '@parterre/client/backoff';
import { serverNameOf, type Where } from './exchange.ts';
import { type Audience, Hearing, type Refusal } from './hearing.ts';
import { type LineWatch, Standing } from './standing.ts';
import type { System, Timer } from './system.ts';

/** Where the listeners of one process go, and what they share. */
export interface Company extends Audience {
  readonly system: System;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly space: string;
  /** The profile to ask for; null takes the space's own. */
  readonly asked: string | null;
  /** How long a slow reader takes nothing, ms. */
  readonly pauseMs: number;
  /** How long one waits in line on average, ms; null is for as long as it takes. */
  readonly patienceMs: number | null;
  readonly watch: LineWatch;
  /** Connections that are being opened. */
  opening: number;
  readonly openingMax: number;
  /** Members whose time to try has come, while too many connections are being opened. */
  readonly queue: Member[];
  /**
   * When the process's own work is overdue, monotonic ms. A loop that is full of reads comes to its timers
   * late; whoever reads then does that work first.
   */
  overdueAtMs: number;
  /** For how long in all this process was held up, ms: bytes may have come that nobody read. */
  heldUpMs: number;
  beat(nowMs: number): void;
}

/** A connection that delivered for this long was a good one, ms (`GOOD_MS` of the player). */
const GOOD_MS = 1_000;
const CONNECT_MS_MIN = 1_500;
const CONNECT_MS_MAX = 10_000;
const READ_BYTES = 262_144;
/** Who was in asks so often to be let back in before standing in line like all others (the player's number). */
const RETURN_TRIES_MAX = 10;

const MEMBER = Symbol('member');
interface MemberSocket extends Socket {
  [MEMBER]?: Member;
}

const SHARED: OnReadOpts = {
  buffer: Buffer.allocUnsafeSlow(READ_BYTES),
  callback(this: MemberSocket, length: number, bytes: Uint8Array): boolean {
    return this[MEMBER]?.read(bytes as Buffer, length) ?? true;
  },
} as OnReadOpts;

export class Member {
  readonly #company: Company;
  readonly #hearing: Hearing;
  readonly #localAddress: string | undefined;
  #socket: MemberSocket | null = null;
  #timer: Timer | null = null;
  #opening = false;
  #queued = false;
  #gone = false;
  #failures = 0;
  #stalls = 0;
  /** Monotonic ms. */
  #askedAtMs = 0;
  #openedAtMs = 0;
  #lastByteAtMs = 0;
  /** How long the process had been held up by then. */
  #heldUpMs = 0;
  /** When the first connection was wanted, or the last one lost. */
  #wantedAtMs: number;
  /** Has had sound, or a place in line. */
  #reached = false;
  /** Its network is away until then; 0 when its last loss was none of that kind. */
  #wayBackAtMs = 0;
  #standing: Standing | null = null;
  /** In line, with a place. */
  inLine = false;
  /** Since when it waits in line; 0 when it does not. */
  #inLineSinceMs = 0;
  /** Its patience is over: it wants nothing more. */
  gaveUp = false;
  /** What it came with when it last asked. */
  #cameWith: 'nothing' | 'pass' | 'ticket' = 'nothing';
  /** Of the average, how patient it is. */
  readonly #patience: number;
  /** What it calls itself, as the player does, and how many connections it has made. */
  readonly #session: string;
  #connections = 0;

  constructor(company: Company, localAddress: string | undefined, slow: boolean) {
    this.#company = company;
    this.#hearing = new Hearing(company, slow);
    this.#localAddress = localAddress;
    this.#patience = 0.5 + company.system.random();
    this.#session = aName(company.system) + aName(company.system);
    this.#wantedAtMs = company.system.monotonicMs();
  }

  /** Hears the programme on an open connection. */
  get hearing(): boolean {
    return this.#socket !== null && this.#hearing.heard;
  }

  /** How long it has been without sound, ms. */
  waitingMs(nowMs: number): number {
    return this.hearing || this.inLine ? 0 : nowMs - this.#wantedAtMs;
  }

  /** Opens a connection, or waits for its turn. */
  join(): void {
    if (this.#gone || this.#queued || this.#socket !== null) return;
    const company = this.#company;
    if (company.opening >= company.openingMax) {
      this.#queued = true;
      company.queue.push(this);
      return;
    }
    this.#open();
  }

  /** Its turn has come. */
  called(): void {
    this.#queued = false;
    this.join();
  }

  leave(): void {
    this.#gone = true;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#socket !== null) this.#company.tallies.leaves++;
    this.#standing?.leave();
    this.inLine = false;
    this.#drop();
  }

  /** Its network breaks, for `awayMs` at least; it comes back as a player does. */
  cut(awayMs: number): void {
    if (awayMs > 0) {
      this.#wayBackAtMs = this.#company.system.monotonicMs() + awayMs;
      this.#hearing.forgive();
    }
    if (this.#socket !== null) this.#lose('closed');
  }

  /**
   * Gives up a connection that is silent for too long. To be called a few times a second. Time in which
   * this process was held up does not count: the player's own machine was not.
   */
  watch(nowMs: number): void {
    const { heldUpMs } = this.#company;
    const { profile } = this.#hearing;
    if (this.#socket === null || (this.#hearing.excused && this.#openedAtMs > 0)) return;
    const stall = stallMs(profile.id);
    const firstMs = this.#openedAtMs === 0 ? Math.max(CONNECT_MS_MIN, stall * 2) : stall;
    const longMs = Math.min(CONNECT_MS_MAX, firstMs * 2 ** this.#stallSteps());
    const silentMs = nowMs - this.#lastByteAtMs - (heldUpMs - this.#heldUpMs);
    if (silentMs < longMs) return;
    this.#stalls++;
    this.#lose('stalled');
  }

  #stallSteps(): number {
    return Math.min(this.#stalls, 3);
  }

  /** @returns whether to go on reading */
  read(bytes: Buffer, length: number): boolean {
    const { tallies, system } = this.#company;
    const nowMs = system.monotonicMs();
    if (nowMs > this.#company.overdueAtMs) {
      this.#company.beat(nowMs);
      if (this.#socket === null) return true; // it was told to leave
    }
    tallies.reads++;
    tallies.bytes += length;
    this.#lastByteAtMs = nowMs;
    this.#heldUpMs = this.#company.heldUpMs;
    if (this.#openedAtMs === 0) this.#openedAtMs = nowMs;
    const had = this.#hearing.next;
    const wasHeard = this.#hearing.heard;
    const refusal = this.#hearing.take(bytes, length, nowMs);
    if (refusal !== null) {
      this.#refused(refusal);
      return true;
    }
    if (!wasHeard && this.#hearing.heard) this.#begun(had !== -1, nowMs);
    if (this.#hearing.excused && this.#hearing.heard) return this.#dawdle();
    return true;
  }

  /** As the player: in line when there is one, and later again otherwise. */
  #refused({ code, retryAfter, detail }: Refusal): void {
    const { tallies, system } = this.#company;
    tallies.refusals++;
    const queues = this.#hearing.pass === null || this.#failures >= RETURN_TRIES_MAX;
    if (code === 'ticket_invalid' || (code === 'waiting' && queues)) {
      if (code === 'ticket_invalid') {
        tallies.placesLost++;
        tallies.fault('a ticket was refused');
      }
      this.#drop();
      this.#wait(code === 'ticket_invalid');
      return;
    }
    tallies.fault(detail);
    this.#lose('refused', parseRetryAfterMs(retryAfter, system.wallMs()));
  }

  /** Stands in line until it is its turn, then comes with the ticket. */
  #wait(anew: boolean): void {
    const company = this.#company;
    const { system, patienceMs, tallies } = company;
    const nowMs = system.monotonicMs();
    this.#hearing.pass = null;
    if (this.#inLineSinceMs === 0) this.#inLineSinceMs = nowMs;
    const waitedMs = nowMs - this.#inLineSinceMs;
    if (patienceMs !== null && waitedMs > patienceMs * this.#patience) {
      this.gaveUp = true;
      tallies.gaveUp++;
      this.leave();
      return;
    }
    this.#standing ??= new Standing(company, this.#where());
    this.#standing.look(anew, ({ turn, placed, againMs }) => {
      if (this.#gone) return;
      this.inLine = placed;
      if (placed) this.#reach(system.monotonicMs());
      this.#timer?.cancel();
      this.#timer = system.after(againMs, () => (turn ? this.join() : this.#wait(false)));
    });
  }

  /** Sound, or a place in line: no dead screen. */
  #reach(nowMs: number): void {
    if (this.#reached) return;
    this.#reached = true;
    this.#company.tallies.reached.record(nowMs - this.#wantedAtMs);
  }

  #entered(): void {
    const { watch } = this.#company;
    if (this.#standing !== null) this.#standing.entered(this.#cameWith === 'ticket');
    else if (this.#cameWith === 'nothing') watch.newcomerAtMs = this.#askedAtMs;
    this.#standing = null;
    this.inLine = false;
    this.#inLineSinceMs = 0;
  }

  /** The first sound of a connection. */
  #begun(back: boolean, nowMs: number): void {
    const { tallies } = this.#company;
    this.#stalls = 0;
    this.#reach(nowMs);
    this.#entered();
    if (back) {
      tallies.resumes++;
      if (this.#wayBackAtMs === 0) tallies.resume.record(nowMs - this.#wantedAtMs);
    }
    this.#wayBackAtMs = 0;
    tallies.joins++;
    tallies.join.record(nowMs - this.#askedAtMs);
  }

  /** A slow reader takes what has come and then nothing for a while. */
  #dawdle(): boolean {
    const { system, pauseMs } = this.#company;
    this.#timer?.cancel();
    this.#timer = system.after(pauseMs * (0.5 + system.random()), () => this.#socket?.resume());
    return false;
  }

  #open(): void {
    const { system, tls } = this.#company;
    const nowMs = system.monotonicMs();
    this.#hearing.ask(nowMs);
    this.#askedAtMs = nowMs;
    this.#openedAtMs = 0;
    this.#lastByteAtMs = nowMs;
    this.#heldUpMs = this.#company.heldUpMs;
    if (this.#hearing.next !== -1) this.#tries(nowMs);
    if (nowMs < this.#wayBackAtMs) {
      this.#lose('away');
      return;
    }
    this.#opening = true;
    this.#company.opening++;
    const where = this.#where();
    const socket: MemberSocket = tls
      ? connectTls({ ...where, servername: serverNameOf(where.host) })
      : connect({ ...where, onread: SHARED });
    socket[MEMBER] = this;
    if (tls) socket.on('data', onData);
    socket.on('connect', onConnect);
    socket.on('error', ignore);
    socket.on('close', onClose);
    this.#socket = socket;
    socket.write(this.#request(), 'latin1');
  }

  #tries(nowMs: number): void {
    const { tries, triesAway } = this.#company.tallies;
    (this.#wayBackAtMs > 0 ? triesAway : tries).record(nowMs - this.#wantedAtMs);
  }

  #where(): Where {
    const { host, port, tls } = this.#company;
    return { host, port, tls, ...(this.#localAddress && { localAddress: this.#localAddress }) };
  }

  #request(): string {
    const { space, host, port, asked } = this.#company;
    const query = [`session=${this.#session}.${this.#connections++}`];
    if (this.#hearing.next !== -1) query.push(`from=${this.#hearing.next}`);
    if (this.#hearing.lane !== null) query.push(this.#hearing.lane);
    else if (asked !== null) query.push(`profile=${asked}`);
    const ticket = this.#standing?.ticket ?? null;
    const { pass } = this.#hearing;
    if (pass !== null) query.push(`return=${pass}`);
    else if (ticket !== null) query.push(`ticket=${ticket}`);
    this.#cameWith = pass !== null ? 'pass' : ticket !== null ? 'ticket' : 'nothing';
    return `GET /live/${space}?${query.join('&')} HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: parterre-rehearsal\r\n\r\n`;
  }

  connected(socket: Socket): void {
    if (socket === this.#socket) this.#opened();
  }

  closed(socket: Socket): void {
    if (socket === this.#socket) this.#lose('closed');
  }

  #opened(): void {
    if (!this.#opening) return;
    this.#opening = false;
    this.#company.opening--;
  }

  #drop(): void {
    this.#opened();
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    delete socket[MEMBER];
    socket.destroy();
  }

  #lose(why: 'closed' | 'stalled' | 'refused' | 'away', retryAfterMs = 0): void {
    const { system, tallies } = this.#company;
    const { profile } = this.#hearing;
    const nowMs = system.monotonicMs();
    const wasHeard = this.#hearing.heard;
    const good = this.#openedAtMs > 0 && this.#lastByteAtMs - this.#openedAtMs >= GOOD_MS;
    this.#drop();
    if (this.#gone) return;
    if (wasHeard) this.#wantedAtMs = nowMs;
    if (!wasHeard && why !== 'refused' && why !== 'away') tallies.refusals++;
    this.#hearing.ask(nowMs);
    this.#failures = good ? 1 : this.#failures + 1;
    const aheadMs = profile.bufferMs - (nowMs - this.#lastByteAtMs);
    const delayMs = retryDelayMs(this.#failures, system.random(), retryAfterMs, aheadMs);
    this.#timer?.cancel();
    this.#timer = system.after(delayMs, () => this.join());
  }
}

/** 16 digits. */
function aName(system: System): string {
  return system.random().toFixed(16).slice(2);
}

function onConnect(this: MemberSocket): void {
  this[MEMBER]?.connected(this);
}

function onData(this: MemberSocket, bytes: Buffer): void {
  this[MEMBER]?.read(bytes, bytes.length);
}

function onClose(this: MemberSocket): void {
  this[MEMBER]?.closed(this);
}

function ignore(): void {}
