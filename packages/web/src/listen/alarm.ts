/**
 * A timer that a hidden page has too. Browsers let the timers of one sleep for a minute at a time, as long as
 * a turn is kept; those of its workers run. The page's own timer runs beside it: the first of them counts.
 */
export class Alarm {
  readonly #worker = workerOf();
  #number = 0;
  #timer = 0;
  #fire: () => void = () => {};

  constructor() {
    this.#worker?.addEventListener('message', ({ data }: MessageEvent<number>) => this.#ring(data));
  }

  /** Replaces what it was set to. */
  set(ms: number, fire: () => void): void {
    this.clear();
    const number = this.#number;
    this.#fire = fire;
    this.#timer = window.setTimeout(() => this.#ring(number), ms);
    this.#worker?.postMessage({ number, ms });
  }

  clear(): void {
    this.#number++;
    window.clearTimeout(this.#timer);
  }

  close(): void {
    this.clear();
    this.#worker?.terminate();
  }

  #ring(number: number): void {
    if (number !== this.#number) return;
    this.clear();
    this.#fire();
  }
}

/** Null where the browser or the page's policy has none. */
function workerOf(): Worker | null {
  try {
    return new Worker(new URL('./alarm.worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return null;
  }
}
