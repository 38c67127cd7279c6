/** Takes the PROXY header off a connection that begins with one. */
import type { Socket } from 'node:net';
import { type ProxyHeader, parseProxyHeader } from './proxy-header.ts';

/** @param done has the connection paused, with nothing of what follows the header lost */
export function readProxyHeader(
  socket: Socket,
  done: (header: Exclude<ProxyHeader, 'incomplete'>) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const more = (bytes: Buffer): void => {
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const header = parseProxyHeader(seen);
    if (header === 'incomplete') return;
    socket.removeListener('data', more);
    socket.pause();
    if (header !== 'malformed' && seen.length > header.bytes)
      socket.unshift(seen.subarray(header.bytes));
    done(header);
  };
  socket.on('data', more);
}
