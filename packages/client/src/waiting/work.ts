/**
 * The work that a place in line costs while very many come: a number whose hash with the challenge begins
 * with so many zero bits. Done in a worker, or where there is none in slices between which the page lives.
 * Bounded: a challenge that asks for more than `BITS_MAX` is not taken up.
 */
import type { WorkChallenge } from '@parterre/protocol';
import { sha256 } from './sha256.ts';

/** Some minutes on a slow phone; no gate asks for as much. */
export const BITS_MAX = 24;
const TRIES_MAX = 2 ** (BITS_MAX + 4);
/** Tries between two looks at the clock. */
const STEP = 64;
/** The page is not held up for longer at once, ms. */
const SLICE_MS = 8;

/** The first solution from `from` on, before `until`; null when there is none. */
export function solutionIn(
  { text, bits }: WorkChallenge,
  from: number,
  until: number,
): number | null {
  const start = new TextEncoder().encode(`${text}:`);
  const bytes = new Uint8Array(start.length + 16);
  bytes.set(start);
  for (let n = from; n < until; n++) {
    const digits = String(n);
    for (let at = 0; at < digits.length; at++) bytes[start.length + at] = digits.charCodeAt(at);
    if (beginsWithZeros(sha256(bytes.subarray(0, start.length + digits.length)), bits)) return n;
  }
  return null;
}

function beginsWithZeros(digest: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let at = 0; at < whole; at++) if (digest[at] !== 0) return false;
  return digest[whole]! >> (8 - (bits & 7)) === 0;
}

/** @returns the solution; null when the challenge is none, or was not solved */
export async function solve(challenge: WorkChallenge): Promise<number | null> {
  const { text, bits } = challenge;
  if (typeof text !== 'string' || !Number.isInteger(bits) || bits < 0 || bits > BITS_MAX)
    return null;
  return (await byWorker(challenge)) ?? inSlices(challenge);
}

/** Null where the browser or the page's policy has no workers. */
function byWorker(challenge: WorkChallenge): Promise<number | null> {
  return new Promise((resolve) => {
    try {
      const worker = new Worker(new URL('./work.worker.ts', import.meta.url), { type: 'module' });
      const done = (found: number | null): void => {
        worker.terminate();
        resolve(found);
      };
      worker.onmessage = ({ data }: MessageEvent<number | null>) => done(data);
      worker.onerror = () => done(null);
      worker.postMessage(challenge);
    } catch {
      resolve(null);
    }
  });
}

async function inSlices(challenge: WorkChallenge): Promise<number | null> {
  for (let from = 0; from < TRIES_MAX; ) {
    const endMs = performance.now() + SLICE_MS;
    do {
      const found = solutionIn(challenge, from, from + STEP);
      if (found !== null) return found;
      from += STEP;
    } while (performance.now() < endMs);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return null;
}
