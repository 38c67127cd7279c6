/** The demo's two voices, live, and afterwards as a recording that stays. */
import { TestServer, until } from './server.ts';

/** A server whose demo space is live. */
export async function openDemo(): Promise<TestServer> {
  const server = await TestServer.start(['--demo']);
  await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
  return server;
}

/**
 * Ends the demo for good: the server is killed, and another goes on with its data that does not open the
 * demo anew. @returns the other one, whose recording is ready
 */
export async function endDemo(server: TestServer): Promise<TestServer> {
  await server.killEverything();
  const other = await TestServer.start([], server.data);
  await until(async () => (await other.space('demo')) !== null, 'the space is known again');
  await other.end('demo');
  await until(
    async () => (await other.space('demo'))?.replayReady === true,
    'the recording is finished',
  );
  return other;
}
