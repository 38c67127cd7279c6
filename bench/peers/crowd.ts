/** The crowd (`crowd.c`): many cheap listeners on one server, the same for every server compared. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, LineProcess, pin, scratch } from './native.ts';

/** As our player names itself; to the others it is a query they do not look at. */
const sessionsOf = (crowd: number): string => `?session=bench-crowd-${crowd}-##########.0`;

let program: string | null = null;
let crowds = 0;

export interface Arrival {
  readonly joined: number;
  readonly failed: number;
  readonly seconds: number;
  /** From connect to the first audio byte, ms. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface Heard {
  readonly alive: number;
  readonly bytes: number;
  /** Listeners whose connection the server ended. */
  readonly lost: number;
}

export interface Wanted {
  readonly port: number;
  readonly path: string;
  /** What stands in the answer's body before sound. */
  readonly openingBytes: number;
}

export class Crowd {
  readonly #process: LineProcess;

  constructor({ port, path, openingBytes }: Wanted, core: number | null) {
    program ??= build('crowd');
    const request = join(scratch, `request-${++crowds}`);
    writeFileSync(
      request,
      `GET ${path}${sessionsOf(crowds)} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n`,
    );
    this.#process = new LineProcess(program, [String(port), request, String(openingBytes)]);
    if (core !== null) pin(this.#process.process.pid!, core);
  }

  get pid(): number {
    return this.#process.process.pid!;
  }

  /**
   * At most `atOnce` wait for their first audio byte; `perSecond` 0 is as fast as they are taken. One that
   * spins need not be woken, and needs a core of its own.
   */
  async open(count: number, atOnce: number, perSecond = 0, spin = false): Promise<Arrival> {
    const numbers = await this.#ask(`open ${count} ${atOnce} ${perSecond} ${spin ? 1 : 0}`);
    const [joined, failed, seconds, p50Ms, p95Ms, maxMs] = numbers as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { joined, failed, seconds, p50Ms, p95Ms, maxMs };
  }

  /** The last `count` leave. */
  async leave(count: number): Promise<void> {
    await this.#ask(`close ${count}`);
  }

  /** Looks every `ms` at what has come, instead of being woken by it at the server's cost; 0 is woken. */
  async doze(ms: number): Promise<void> {
    await this.#ask(`doze ${ms}`);
  }

  async sample(): Promise<Heard> {
    const [alive, bytes, lost] = (await this.#ask('sample')) as [number, number, number];
    return { alive, bytes, lost };
  }

  async #ask(word: string): Promise<number[]> {
    this.#process.say(word);
    return (await this.#process.line()).split(' ').map(Number);
  }

  close(): void {
    this.#process.close();
  }
}
