/**
 * A listener of the hls lane without a browser: follows the low-latency list with blocking reloads, takes
 * each part once it is listed, and never begins again. What it got is one line of parts, or it has failed.
 */
import { type Agent, get } from 'node:http';

const PARTS_PER_SEGMENT = 5;
const RETRY_MS = 200;

export class HlsPuller {
  parts = 0;
  /** Requests that failed and were made again. */
  retries = 0;
  /** Longest time between two parts, ms. */
  gapMs = 0;
  readonly #list: string;
  readonly #agent: Agent;
  #on = true;
  #next: { msn: number; part: number } | null = null;
  #lastMs = 0;

  constructor(list: string, agent: Agent) {
    this.#list = list;
    this.#agent = agent;
  }

  /** Listens until told to stop. */
  async run(): Promise<void> {
    while (this.#on) {
      const begun = await this.#step().catch(() => false);
      if (begun) continue;
      this.retries += 1;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  stop(): void {
    this.#on = false;
  }

  async #step(): Promise<boolean> {
    const next = this.#next;
    const query = next === null ? '' : `?_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
    const text = (await this.#fetch(`${this.#list}${query}`)).toString();
    const listed = [...text.matchAll(/#EXT-X-PART:.*URI="([^"]+\/(\d+)\.(\d)\.m4s)"/g)].map(
      ([, path, msn, part]) => ({ path: path!, msn: Number(msn), part: Number(part) }),
    );
    const at = next === null ? listed.length - 1 : listed.findIndex((each) => same(each, next));
    for (const each of at === -1 ? [] : listed.slice(at)) {
      await this.#fetch(new URL(each.path, this.#list).href);
      this.#took(each);
    }
    return at !== -1;
  }

  #took({ msn, part }: { msn: number; part: number }): void {
    const now = performance.now();
    if (this.parts > 0) this.gapMs = Math.max(this.gapMs, now - this.#lastMs);
    this.#lastMs = now;
    this.parts += 1;
    const last = part === PARTS_PER_SEGMENT - 1;
    this.#next = { msn: last ? msn + 1 : msn, part: last ? 0 : part + 1 };
  }

  #fetch(url: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = get(url, { agent: this.#agent, timeout: 20_000 }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(Buffer.concat(pieces));
          else reject(new Error(`status ${answer.statusCode}`));
        });
      });
      call.on('error', reject);
      call.on('timeout', () => call.destroy(new Error('no answer')));
    });
  }
}

function same(one: { msn: number; part: number }, two: { msn: number; part: number }): boolean {
  return one.msn === two.msn && one.part === two.part;
}
