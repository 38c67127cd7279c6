/**
 * The `Forwarded` field (RFC 7239 §4): what a proxy says of the request it passes on. Pure, and read from
 * the end: the last element is what the proxy next to us saw, those before it are what it was told. A field
 * that is not well-formed to its end says nothing at all.
 */
import { isIPv4, isIPv6 } from 'node:net';

const LENGTH_MAX = 2_048;
/** token "=" ( token / quoted-string ), then what follows it. */
const PAIR =
  /[\t ]*([!#$%&'*+.^_`|~\w-]+)=(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")[\t ]*(;|,|$)/y;
const NOTHING = /[\t ]*(;|,|$)/y;

export interface ForwardedBy {
  /** The client's address; null when the proxy hides it or does not know (§6.2, §6.3). */
  readonly address: string | null;
  readonly proto: string | null;
  readonly host: string | null;
}

/** @returns what the last proxy said; null for a malformed field */
export function parseForwarded(field: string): ForwardedBy | null {
  if (field.length > LENGTH_MAX) return null;
  let last = new Map<string, string>();
  let at = 0;
  for (;;) {
    PAIR.lastIndex = NOTHING.lastIndex = at;
    const pair = PAIR.exec(field);
    const matched = pair ?? NOTHING.exec(field);
    if (matched === null) return null;
    if (pair !== null) {
      const name = pair[1]!.toLowerCase();
      if (last.has(name)) return null; // once in an element (§4)
      last.set(name, pair[2] ?? pair[3]!.replace(/\\(.)/g, '$1'));
    }
    const separator = matched.at(-1)!;
    at += matched[0].length;
    if (separator === '') break;
    if (separator === ',') last = new Map();
  }
  const proto = last.get('proto')?.toLowerCase();
  return {
    address: addressOf(last.get('for') ?? ''),
    proto: proto === 'http' || proto === 'https' ? proto : null,
    host: last.get('host') ?? null,
  };
}

/** A node (§6): an IPv4 address, or an IPv6 one in brackets, perhaps with a port. */
function addressOf(node: string): string | null {
  const bracketed = /^\[([^\]]+)\](?::[\w.-]+)?$/.exec(node)?.[1];
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : null;
  const plain = node.replace(/:[\w.-]+$/, '');
  return isIPv4(plain) ? plain : null;
}
