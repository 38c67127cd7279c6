/**
 * What the house says about a space outside of the programme: its public description and the server's
 * wall clock, from `GET /spaces/{space}.json`. Every failure is null: the live lane is what decides.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { System } from './system.ts';
import type { ListenOptions } from './types.ts';

interface Answer {
  readonly space: PublicSpace;
  /** Server's wall clock minus the browser's, ms; null when the answer does not tell it. */
  readonly offsetMs: number | null;
}

const ANSWER_MS_MAX = 8_000;

export class House {
  readonly #bases: readonly string[];
  #id: string;
  readonly #system: System;
  #space: PublicSpace | null = null;
  #offsetMs: number | null = null;

  constructor(bases: readonly string[], space: string, system: System) {
    this.#bases = bases;
    this.#id = space;
    this.#system = system;
  }

  /** Which space is asked about. */
  get id(): string {
    return this.#id;
  }

  /** Another space of the same house. */
  moveTo(space: string): void {
    this.#id = space;
    this.#space = null;
  }

  /** As it was when last asked. */
  get space(): PublicSpace | null {
    return this.#space;
  }

  /** The server's wall clock, ms; the browser's own until it is known. */
  get nowMs(): number {
    return this.#system.wallMs() + (this.#offsetMs ?? 0);
  }

  get timeKnown(): boolean {
    return this.#offsetMs !== null;
  }

  /** Asks the first base that answers; null when none does. */
  async ask(): Promise<PublicSpace | null> {
    for (const base of this.#bases) {
      const id = this.#id;
      const answer = await ask(`${base}/spaces/${id}.json`, this.#system);
      if (answer === null) continue;
      if (id !== this.#id) return this.#space;
      this.#space = answer.space;
      this.#offsetMs = answer.offsetMs ?? this.#offsetMs;
      return answer.space;
    }
    return null;
  }
}

/** Where the house is served: the first address and the further ones, each once. */
export function basesOf({ base, bases }: ListenOptions): readonly string[] {
  const first = base ?? globalThis.location?.origin ?? '';
  const all = [first, ...(bases ?? [])].map((each) => each.replace(/\/+$/, ''));
  return [...new Set(all)];
}

async function ask(url: string, system: System): Promise<Answer | null> {
  const abort = new AbortController();
  const cancel = system.after(ANSWER_MS_MAX, () => abort.abort());
  const sentMs = system.wallMs();
  try {
    const response = await system.fetch(url, {
      signal: abort.signal,
      cache: 'no-store',
      credentials: 'omit',
    });
    const receivedMs = system.wallMs();
    if (!response.ok) return null;
    const body = (await response.json()) as PublicSpace & { readonly nowMs?: number };
    const { nowMs, ...space } = body;
    if (typeof space.title !== 'string' || !isTime(space.startsAtMs)) return null;
    const offsetMs = typeof nowMs === 'number' ? nowMs - (sentMs + receivedMs) / 2 : null;
    return { space, offsetMs };
  } catch {
    return null;
  } finally {
    cancel();
  }
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' || value === null;
}
