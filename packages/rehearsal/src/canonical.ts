/**
 * Canonical JSON, so that what is signed has exactly one spelling: members sorted by UTF-16 code units,
 * no white space, numbers and texts as ECMAScript writes them (RFC 8785 §3.2). Refuses what has no JSON
 * form or more than one: undefined, functions, numbers that are not finite, lone surrogates, depth
 * beyond `DEPTH_MAX`.
 */
const DEPTH_MAX = 32;

/** @throws TypeError for a value that has no canonical form */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > DEPTH_MAX) throw new TypeError('The value is nested too deep.');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form.`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('A text holds half a surrogate pair.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value))
    return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`A ${typeof value} has no JSON form.`);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}
