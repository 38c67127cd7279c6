/** Assertions stay on in production: what they refuse is a bug, never input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
