/**
 * A house of listeners in a process of its own: plain connections spread over loopback addresses, each
 * reading every fragment and checking that it is the next one. Arguments: port and count.
 */
import { connect, type Socket } from 'node:net';
import { FragmentReader } from '@parterre/media';
import { BENCH_SPACE } from './fanout-edge.ts';

/** What the house tells when it is asked with `sample`. */
export interface HouseSample {
  readonly fragments: number;
  /** Fragments that were not the next one, and streams that broke a rule. */
  readonly gaps: number;
  readonly alive: number;
}

/** Connections being opened at once. */
const OPENING_MAX = 100;
const PER_ADDRESS = 250;
const REQUEST = `GET /live/${BENCH_SPACE} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

class Listener {
  readonly #reader = new FragmentReader();
  #inBody = false;
  nextSeq = -1;
  gaps = 0;
  fragments = 0;
  alive = true;

  constructor(socket: Socket, joined: () => void) {
    socket.on('data', (bytes: Buffer) => {
      if (this.fragments === 0 && !this.#inBody) joined();
      this.#take(bytes);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.alive = false;
    });
  }

  #take(bytes: Buffer): void {
    let body = bytes;
    if (!this.#inBody) {
      this.#inBody = true;
      body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    }
    for (const part of this.#reader.push(body)) {
      if (part.kind === 'error') this.gaps++;
      if (part.kind !== 'fragment') continue;
      if (this.nextSeq !== -1 && part.seq !== this.nextSeq) this.gaps++;
      this.nextSeq = part.seq + 1;
      this.fragments++;
    }
  }
}

async function run(port: number, count: number): Promise<void> {
  const listeners: Listener[] = [];
  process.on('message', (word) => {
    if (word === 'sample') process.send!(sampleOf(listeners));
  });
  process.on('disconnect', () => process.exit(0));
  await openAll(port, count, listeners);
  process.send!({ joined: listeners.length });
}

function openAll(port: number, count: number, listeners: Listener[]): Promise<void> {
  return new Promise((resolve) => {
    let opened = 0;
    let joined = 0;
    const open = (): void => {
      if (opened >= count) return;
      const group = Math.floor(opened / PER_ADDRESS);
      opened++;
      const localAddress = `127.0.${1 + Math.floor(group / 200)}.${1 + (group % 200)}`;
      const socket = connect({ port, host: '127.0.0.1', localAddress }, () =>
        socket.write(REQUEST),
      );
      const done = (): void => {
        joined++;
        if (joined === count) resolve();
        else open();
      };
      listeners.push(new Listener(socket, done));
    };
    for (let i = 0; i < OPENING_MAX; i++) open();
  });
}

function sampleOf(listeners: readonly Listener[]): HouseSample {
  let fragments = 0;
  let gaps = 0;
  let alive = 0;
  for (const listener of listeners) {
    fragments += listener.fragments;
    gaps += listener.gaps;
    if (listener.alive) alive++;
  }
  return { fragments, gaps, alive };
}

if (process.send !== undefined && import.meta.main) {
  await run(Number(process.argv[2]), Number(process.argv[3]));
}
