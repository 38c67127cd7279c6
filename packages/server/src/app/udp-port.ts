/** Whether the UDP port of the speakers can be opened, as the stage will: on every address. */
import { createSocket } from 'node:dgram';

/** @returns the code of what stands against it, such as EADDRINUSE; null when it can be opened. */
export async function udpPortFault(port: number): Promise<string | null> {
  const socket = createSocket('udp4');
  const code = await new Promise<string | null>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.bind(port, () => resolve(null));
  });
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return code;
}
