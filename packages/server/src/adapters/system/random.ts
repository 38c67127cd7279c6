/** Randomness of the machine: `uniform` for jitter, `bytes` (from the system's generator) for secrets. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../../ports/random.ts';

export const systemRandom: Random = {
  uniform: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
