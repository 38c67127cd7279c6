/**
 * Icecast as a server under comparison, when it is installed (Debian: `icecast2`): one mount, fed by a
 * source client of ours, a burst of the whole answer for one who joins. It takes a few dozen listeners a
 * second, so that a house of thousands is not filled for it.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { pin, scratch } from './native.ts';
import { type FanoutServer, freePort, listening, type Programme } from './server.ts';

const ICECAST = '/usr/bin/icecast2';
const PASSWORD = 'bench';
/** Of a chunk, sent one after another. */
const PARTS = 10;

export function icecastInstalled(): boolean {
  return existsSync(ICECAST);
}

export async function icecastServer(programme: Programme, core: number): Promise<FanoutServer> {
  const port = await freePort();
  const folder = join(scratch, `icecast-${port}`);
  mkdirSync(folder);
  // Icecast does not run as root: it changes to a user that must be able to write its log.
  for (const path of [scratch, folder]) chmodSync(path, 0o777);
  const burstBytes = programme.answer.length - programme.headBytes;
  writeFileSync(join(folder, 'icecast.xml'), configuration(port, folder, burstBytes));
  const server = spawn(ICECAST, ['-c', join(folder, 'icecast.xml')], { stdio: 'ignore' });
  await listening(port);
  pin(server.pid!, core);
  const source = await sourceOf(port);
  for (let sent = 0; sent < burstBytes * 2; sent += programme.chunk.length)
    source.write(programme.chunk);
  let ticking: NodeJS.Timeout | undefined;
  const stage = { port, path: '/live', openingBytes: 0 };
  return {
    name: 'icecast',
    pids: [server.pid!],
    stage,
    doors: stage,
    async go() {
      // As an encoder sends: Icecast looks for newcomers whenever something has come.
      const part = Math.ceil(programme.chunk.length / PARTS);
      let at = 0;
      ticking = setInterval(() => {
        source.write(programme.chunk.subarray(at * part, (at + 1) * part));
        at = (at + 1) % PARTS;
      }, programme.intervalMs / PARTS);
    },
    async stop() {
      clearInterval(ticking);
    },
    close() {
      clearInterval(ticking);
      source.destroy();
      server.kill('SIGKILL');
    },
  };
}

/** A source client that has been let in. */
function sourceOf(port: number): Promise<Socket> {
  const secret = Buffer.from(`source:${PASSWORD}`).toString('base64');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `PUT /live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${secret}\r\n` +
          'Content-Type: audio/mpeg\r\nExpect: 100-continue\r\n\r\n',
      ),
    );
    socket.on('error', reject);
    socket.once('data', (bytes) => {
      const line = bytes.toString('latin1').split('\r\n', 1)[0];
      if (/ (100|200) /.test(`${line} `)) resolve(socket);
      else reject(new Error(`Icecast did not let the source in: ${line}`));
    });
  });
}

function configuration(port: number, folder: string, burstBytes: number): string {
  return `<icecast>
  <limits>
    <clients>19000</clients><sources>2</sources><source-timeout>60</source-timeout>
    <queue-size>4194304</queue-size><burst-size>${burstBytes}</burst-size>
  </limits>
  <authentication><source-password>${PASSWORD}</source-password></authentication>
  <listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths>
    <logdir>${folder}</logdir><webroot>/usr/share/icecast2/web</webroot>
    <adminroot>/usr/share/icecast2/admin</adminroot>
  </paths>
  <logging><accesslog>-</accesslog><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>
  <security>
    <chroot>0</chroot>
    <changeowner><user>icecast2</user><group>icecast</group></changeowner>
  </security>
</icecast>
`;
}
