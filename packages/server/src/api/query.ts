/** A query is text: what looks like a whole number becomes one, the schema judges the rest. */
export function numbersOf(query: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(query)) {
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) query[key] = Number(value);
  }
}
