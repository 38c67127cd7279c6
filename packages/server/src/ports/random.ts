/** Randomness enters here; the simulation's is seeded. */
export interface Random {
  /** Uniform in [0, 1); for jitter, never for secrets. */
  uniform(): number;
  /** `count` unpredictable bytes, for identifiers and secrets. */
  bytes(count: number): Uint8Array;
}
