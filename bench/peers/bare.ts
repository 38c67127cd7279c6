/** The bare C loop (`fanout.c`) as a server under comparison. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, LineProcess, pin, scratch } from './native.ts';
import { type FanoutServer, freePort, type Programme } from './server.ts';

export async function bareServer(programme: Programme, core: number): Promise<FanoutServer> {
  const answer = join(scratch, 'answer');
  const chunk = join(scratch, 'chunk');
  writeFileSync(answer, programme.answer);
  writeFileSync(chunk, programme.chunk);
  const port = await freePort();
  const { intervalMs, slices, openingBytes } = programme;
  const args = [port, answer, chunk, intervalMs, slices].map(String);
  const server = new LineProcess(build('fanout'), args);
  await server.line();
  pin(server.process.pid!, core);
  const stage = { port, path: '/live/bench', openingBytes };
  return {
    name: 'c',
    pids: [server.process.pid!],
    stage,
    doors: stage,
    async go() {
      server.say('go');
    },
    async stop() {
      server.say('stop');
    },
    close: () => server.close(),
  };
}
