/**
 * STUN and TURN servers from the configuration's words: `stun:host:port`, `turn:` and `turns:` with
 * `user:password@` before the host and `?transport=` behind (RFC 7064, RFC 7065). What is not of that
 * form is refused when the server starts, not when a speaker needs it.
 */
import type { IceServer } from '@parterre/protocol';

const FORM =
  /^(stuns?|turns?):(?:([^:@]+):([^@]+)@)?((?:[^@?\s/:[\]]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?)(\?transport=(?:udp|tcp))?$/;

/** @throws RangeError naming the place in the list, never the words: they may hold a password */
export function iceServersOf(words: readonly string[]): readonly IceServer[] {
  return words.map((word, index) => {
    const server = serverOf(word);
    if (server !== null) return server;
    throw new RangeError(
      `iceServers, entry ${index + 1}, must be stun:host:port or turn(s):user:password@host:port.`,
    );
  });
}

function serverOf(word: string): IceServer | null {
  const match = FORM.exec(word);
  if (match === null) return null;
  const [, scheme = '', username, credential, host = '', transport = ''] = match;
  const urls = [`${scheme}:${host}${transport}`];
  if (!scheme.startsWith('turn')) {
    return username === undefined && transport === '' ? { urls } : null;
  }
  if (username === undefined || credential === undefined) return null;
  try {
    return {
      urls,
      username: decodeURIComponent(username),
      credential: decodeURIComponent(credential),
    };
  } catch {
    return null; // a stray percent sign
  }
}
