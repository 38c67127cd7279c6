/** A port that nobody listens on, for a program that must be told one. */
import { createServer } from 'node:net';

/** A TCP port of this machine that nobody has just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
