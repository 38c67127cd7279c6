/** Many who come to a live lane at once, and what they are answered: sockets, so that the crowd costs little. */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

export class Comers {
  /** What those were told who were not let in, or were cut off, by their first line. */
  readonly refusals: string[] = [];
  answered = 0;
  /** Have had sound, and have it still. */
  hearing = 0;
  /** From the first one's coming to the last one's first sound, ms. */
  lastSoundMs = 0;
  readonly #sockets: readonly Socket[];
  readonly #beganAtMs = performance.now();
  #leaving = false;

  constructor(url: string, count: number) {
    this.#sockets = Array.from({ length: count }, () => this.#come(new URL(url)));
  }

  leave(): void {
    this.#leaving = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #come({ hostname, port, pathname }: URL): Socket {
    let head = '';
    let hears = false;
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    socket.on('data', (bytes: Buffer) => {
      if (hears) return;
      const before = head;
      head += bytes.toString('latin1');
      const end = head.indexOf(HEAD_END);
      if (end === -1) return;
      if (!before.includes(HEAD_END)) this.answered++;
      if (!head.startsWith('HTTP/1.1 200 ')) {
        this.refusals.push(head.slice(0, head.indexOf('\r\n')));
        socket.destroy();
        return;
      }
      if (!head.includes('moof', end)) return;
      hears = true;
      head = '';
      this.hearing++;
      this.lastSoundMs = Math.round(performance.now() - this.#beganAtMs);
    });
    socket.on('error', (error) => this.refusals.push(error.message));
    socket.on('close', () => {
      if (!hears || this.#leaving) return;
      this.hearing--;
      this.refusals.push('cut off');
    });
    return socket;
  }
}
