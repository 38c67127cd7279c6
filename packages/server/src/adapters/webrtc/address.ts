/** Numeric addresses as bytes. */
import { isIP } from 'node:net';

/** @returns four or sixteen bytes, network order; null when it is no numeric address */
export function addressBytes(address: string): Uint8Array | null {
  const text = address.split('%', 1)[0] ?? '';
  const version = isIP(text);
  if (version === 4) return Uint8Array.from(text.split('.'), Number);
  if (version !== 6) return null;
  const [before = '', after] = text.replace(/[^:]*\.[^:]*$/, inGroups).split('::');
  const head = groupsOf(before);
  const tail = groupsOf(after ?? '');
  const zeros = Array<number>(after === undefined ? 0 : 8 - head.length - tail.length).fill(0);
  const groups = [...head, ...zeros, ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** The dotted end of an IPv6 address in two groups. */
function inGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
