/**
 * Where the unix sockets between the processes lie: `{data}/run`, or a folder under the system's
 * temporary one when that path would be longer than a socket address may be.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Sockets {
  readonly programme: string;
  readonly api: string;
  readonly stage: string;
  /** Held by the supervisor, so that one data folder has one server. */
  readonly supervisor: string;
}

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, terminator included. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Makes the folder and names the sockets in it. */
export function socketsOf(dataDir: string): Sockets {
  const own = join(dataDir, 'run');
  const fits = Buffer.byteLength(join(own, 'supervisor.sock')) <= SOCKET_PATH_BYTES_MAX;
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const folder = fits ? own : join(tmpdir(), `parterre-${digest}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    programme: join(folder, 'programme.sock'),
    api: join(folder, 'api.sock'),
    stage: join(folder, 'stage.sock'),
    supervisor: join(folder, 'supervisor.sock'),
  };
}
