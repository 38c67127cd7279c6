/** Our edge (`fanout-edge.ts`) as a server under comparison, in one process or several on one socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { BoundSocket } from 'node:net';
import { join } from 'node:path';
import { answer, ask } from '../child.ts';
import { type EdgeSample, OPENING_BYTES } from '../fanout-edge.ts';
import { pin } from './native.ts';
import type { FanoutServer } from './server.ts';

export interface EdgeServer extends FanoutServer {
  sample(): Promise<EdgeSample[]>;
}

/** @param core null leaves the processes to the scheduler */
export async function edgeServer(processes: number, core: number | null): Promise<EdgeServer> {
  const socket = new BoundSocket({ host: '0.0.0.0', port: 0 });
  const program = join(import.meta.dirname, '..', 'fanout-edge.ts');
  const edges: ChildProcess[] = [];
  for (let i = 0; i < processes; i++) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc', socket.fd()] as const;
    const edge = spawn(process.execPath, [...process.execArgv, program, '', 'inherited'], {
      stdio: [...stdio],
    });
    edges.push(edge);
    await answer(edge);
    if (core !== null) pin(edge.pid!, core);
  }
  const { port } = socket.address();
  const all = async (word: string): Promise<EdgeSample[]> => {
    const samples: EdgeSample[] = [];
    for (const edge of edges) samples.push(await ask<EdgeSample>(edge, word));
    return samples;
  };
  const stage = { port, path: '/live/bench', openingBytes: OPENING_BYTES };
  return {
    name: 'edge',
    pids: edges.map(({ pid }) => pid!),
    stage,
    doors: stage,
    async go() {
      await all('go');
    },
    async stop() {
      await all('stop');
    },
    sample: () => all('sample'),
    async writes() {
      return (await all('sample')).reduce((sum, { writes }) => sum + writes, 0);
    },
    close() {
      for (const edge of edges) edge.kill('SIGKILL');
      socket.close();
    },
  };
}
