/**
 * nginx with nchan as a server under comparison, when both are installed (Debian: `nginx` and
 * `libnginx-mod-nchan`): raw streams, as many workers as asked, every chunk published over HTTP. Whoever
 * joins while the programme is stopped is sent the whole answer as one stored message.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pin, scratch } from './native.ts';
import { type FanoutServer, freePort, listening, type Programme } from './server.ts';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

export function nchanInstalled(): boolean {
  return existsSync(NGINX) && existsSync(MODULE);
}

export async function nchanServer(
  programme: Programme,
  workers: number,
  core: number | null,
): Promise<FanoutServer> {
  const port = await freePort();
  const folder = join(scratch, `nchan-${port}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'nginx.conf'), configuration(port, workers, folder));
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf')];
  const master = spawn(NGINX, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await listening(port);
  const pids = workersOf(master.pid!);
  if (core !== null) for (const pid of pids) pin(pid, core);
  const publish = async (channel: string, body: Uint8Array): Promise<void> => {
    const url = `http://127.0.0.1:${port}/publish/${channel}`;
    const answer = await fetch(url, { method: 'POST', body: Buffer.from(body) });
    if (!answer.ok) throw new Error(`nchan did not take a chunk: ${answer.status}`);
  };
  await publish('doors', programme.answer.subarray(programme.headBytes));
  await publish('stage', programme.chunk);
  let ticking: NodeJS.Timeout | undefined;
  return {
    name: 'nchan',
    pids,
    stage: { port, path: '/live/stage', openingBytes: 0 },
    doors: { port, path: '/live/doors', openingBytes: 0 },
    async go() {
      ticking = setInterval(() => void publish('stage', programme.chunk), programme.intervalMs);
    },
    async stop() {
      clearInterval(ticking);
    },
    close() {
      clearInterval(ticking);
      for (const pid of pids) kill(pid);
      kill(master.pid!);
    },
  };
}

function configuration(port: number, workers: number, folder: string): string {
  return `load_module ${MODULE};
user root;
daemon off;
worker_processes ${workers};
worker_rlimit_nofile 20000;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections 19000; multi_accept on; }
http {
  access_log off;
  tcp_nodelay on;
  client_body_temp_path ${folder}/body;
  client_body_buffer_size 256k;
  nchan_shared_memory_size 256M;
  server {
    listen 0.0.0.0:${port} backlog=4096;
    location ~ ^/live/(\\w+)$ {
      nchan_subscriber http-raw-stream;
      nchan_channel_id $1;
      nchan_subscriber_first_message -1;
      nchan_subscriber_timeout 0;
    }
    location ~ ^/publish/(\\w+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 1;
      nchan_message_timeout 0;
    }
  }
}
`;
}

function workersOf(master: number): number[] {
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'latin1');
  return children.trim().split(' ').map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
