/**
 * Where the unix sockets between the processes lie: `{data}/run`, or a folder under the system's
 * temporary one when that path would be longer than a socket address may be.
 */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError } from './config.ts';

export interface Sockets {
  readonly programme: string;
  readonly api: string;
  readonly stage: string;
  /** Held by the supervisor, so that one data folder has one server. It says the public address and nothing else. */
  readonly supervisor: string;
}

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, terminator included. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Names the sockets; touches nothing. */
export function socketsOf(dataDir: string): Sockets {
  const own = join(dataDir, 'run');
  const fits = Buffer.byteLength(join(own, 'supervisor.sock')) <= SOCKET_PATH_BYTES_MAX;
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const folder = fits ? own : join(tmpdir(), `parterre-${digest}`);
  return {
    programme: join(folder, 'programme.sock'),
    api: join(folder, 'api.sock'),
    stage: join(folder, 'stage.sock'),
    supervisor: join(folder, 'supervisor.sock'),
  };
}

/**
 * Makes the folder the sockets lie in, for this user alone.
 * @throws ConfigError when somebody else's is there: whoever owns it could answer in our place
 */
export function makeSocketFolder(sockets: Sockets): void {
  const folder = dirname(sockets.supervisor);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const own = process.getuid?.() ?? found.uid;
  if (found.uid !== own || !found.isDirectory())
    throw new ConfigError(
      `${folder} is not a folder of this user. Remove it, or choose a shorter --data.`,
    );
  chmodSync(folder, 0o700);
}

const ADDRESS_CHARACTERS_MAX = 1_000;

/** The public address of the server whose supervisor answers at `path`; empty when none does, or not yet. */
export function addressAt(path: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(path).setEncoding('utf8');
    socket.on('data', (text: string) => {
      said += text;
      if (said.length > ADDRESS_CHARACTERS_MAX) socket.destroy();
    });
    socket.on('error', () => {}); // whoever was there is gone
    socket.on('close', () => resolve(said));
  });
}

/** Whether somebody answers at a unix socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
