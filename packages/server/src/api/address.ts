/**
 * What counts as one asker for the limits: an IPv4 address, or the /64 of an IPv6 address, since that is
 * what one household is given. The key is bounded, whatever a proxy wrote into the header.
 */
import { isIPv4, isIPv6 } from 'node:net';

const KEY_LENGTH_MAX = 64;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** @param ip as a proxy wrote it; undefined when somebody on this machine asked without one */
export function askerOf(ip: string | undefined): string {
  if (ip === undefined) return 'this machine';
  const address = MAPPED.exec(ip)?.[1] ?? ip;
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return `unknown ${ip.slice(0, KEY_LENGTH_MAX)}`;
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2), without leading zeros. */
function groupsOf(address: string): readonly string[] {
  // An address with a dotted tail has it in the last two groups, which no prefix here reaches.
  const plain = address.replace(/%.*$/, '').replace(/\d+\.\d+\.\d+\.\d+$/, '0:0');
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...new Array<string>(missing).fill('0'), ...after];
  return groups.map((group) => Number.parseInt(group, 16).toString(16));
}
