/** Takes the PROXY header off a connection that begins with one, and notes whose connection it says it is. */
import type { Socket } from 'node:net';
import type { EdgeCounters } from './counters.ts';
import type { Peers } from './peers.ts';
import { parseProxyHeader } from './proxy-header.ts';

/**
 * One that begins otherwise is closed.
 * @param done has the connection paused, with nothing of what follows the header lost
 */
export function introduce(
  socket: Socket,
  counters: EdgeCounters,
  peers: Peers,
  done: () => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const more = (bytes: Buffer): void => {
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const header = parseProxyHeader(seen);
    if (header === 'incomplete') return;
    socket.removeListener('data', more);
    if (header === 'malformed') {
      counters.refusals.proxy++;
      socket.destroy();
      return;
    }
    socket.pause();
    if (seen.length > header.bytes) socket.unshift(seen.subarray(header.bytes));
    if (header.address !== null) peers.introduce(socket, header.address);
    done();
  };
  socket.on('data', more);
}
