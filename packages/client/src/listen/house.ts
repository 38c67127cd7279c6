/**
 * What the house says about a space outside of the programme: its public description and the server's
 * wall clock, from `GET /spaces/{space}.json`. Every failure is null: the live lane is what decides.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { System } from './system.ts';

export interface HouseAnswer {
  readonly space: PublicSpace;
  /** Server's wall clock minus the browser's, ms; null when the answer does not tell it. */
  readonly offsetMs: number | null;
}

const ANSWER_MS_MAX = 8_000;

/** Asks the first base that answers. */
export async function askHouse(
  bases: readonly string[],
  space: string,
  system: System,
): Promise<HouseAnswer | null> {
  for (const base of bases) {
    const answer = await ask(`${base}/spaces/${space}.json`, system);
    if (answer !== null) return answer;
  }
  return null;
}

async function ask(url: string, system: System): Promise<HouseAnswer | null> {
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
