/**
 * ICE candidates (RFC 8839 §5.1) of the other side. The native library is handed only lines written here
 * from checked fields, never the text that came in. Refused, quietly, is what this side cannot or should
 * not send checks to: names (also mDNS, whose owner finds us by itself), TCP, multicast, component 2.
 */
import { isIP } from 'node:net';

/** Longest candidate line that is looked at, characters. */
export const CANDIDATE_LENGTH_MAX = 512;

const FORM =
  /^(?:a=)?candidate:([A-Za-z0-9+/]{1,32}) 1 (udp) (\d{1,10}) ([0-9A-Fa-f:.]{2,45}) (\d{1,5}) typ (host|srflx|prflx|relay)(?: |$)/i;
const PRIORITY_MAX = 2 ** 32 - 1;
const PORT_MAX = 65_535;

/** @returns the line as the native library may have it, or null when it is of no use */
export function checkedCandidate(text: string): string | null {
  if (text.length > CANDIDATE_LENGTH_MAX) return null;
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, foundation, , priority, address = '', port, type = ''] = match;
  if (!reachable(address) || Number(priority) > PRIORITY_MAX) return null;
  if (Number(port) < 1 || Number(port) > PORT_MAX) return null;
  return `a=candidate:${foundation} 1 UDP ${Number(priority)} ${address} ${Number(port)} typ ${type.toLowerCase()}`;
}

function reachable(address: string): boolean {
  const version = isIP(address);
  if (version === 4) {
    const first = Number(address.slice(0, address.indexOf('.')));
    return first !== 0 && first < 224;
  }
  return version === 6 && address !== '::' && !/^ff/i.test(address);
}

const OWN = /^((?:a=)?candidate:\S+ \d UDP \d+ \S+) \d+ /i;

/** One of this side's candidates with the port that the other side may use. */
export function atPort(line: string, port: number): string {
  return line.replace(OWN, `$1 ${port} `);
}

/** A further address of this side's port, offered as a host candidate after the machine's own. */
export function extraCandidate(address: string, port: number, index: number): string {
  const localPreference = 8_000 - index;
  const priority = 126 * 2 ** 24 + localPreference * 2 ** 8 + 255; // RFC 8445 §5.1.2.1
  return `a=candidate:x${index} 1 UDP ${priority} ${address} ${port} typ host`;
}
