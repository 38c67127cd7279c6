import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { storeContract, storedSpace } from '../../ports/store.contract.ts';
import type { Store } from '../../ports/store.ts';
import { openPostgresStore } from './index.ts';

const BIN = findBin();
/** PostgreSQL refuses to run as root: 65534 is nobody. */
const USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

let folder: string;
let port: number;
let server: ChildProcess;
let databases = 0;

const admin = () => `postgres://parterre@127.0.0.1:${port}/postgres`;

beforeAll(async () => {
  if (BIN === null) {
    console.log('PostgreSQL is not installed here: its run of the store contract is skipped.');
    return;
  }
  folder = mkdtempSync(join(tmpdir(), 'parterre-pg-'));
  chmodSync(folder, 0o755);
  if (USER.uid !== undefined) chownSync(folder, USER.uid, USER.gid);
  port = await freePort();
  const data = join(folder, 'data');
  const options = { ...USER, cwd: folder, stdio: 'pipe' } as const;
  execFileSync(
    join(BIN, 'initdb'),
    ['-D', data, '-U', 'parterre', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    options,
  );
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  server = spawn(join(BIN, 'postgres'), ['-D', data, '-p', String(port), '-F', ...settings], {
    ...USER,
    cwd: folder,
    stdio: 'ignore',
  });
  await vi.waitFor(() => withAdmin('select 1'), { timeout: 60_000, interval: 50 });
}, 120_000);

afterAll(async () => {
  if (BIN === null) return;
  const gone = once(server, 'exit');
  server.kill('SIGQUIT'); // PostgreSQL's immediate shutdown
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(BIN === null)('with PostgreSQL', () => {
  storeContract('PostgreSQL', openFresh);

  it('migrates once when two processes start at the same time', async () => {
    const url = await freshDatabase();
    const stores = [open(url), open(url)] as const;
    await Promise.all(stores.map((store) => store.migrate()));
    const made = await Promise.all(stores.map((store) => store.createSpace(storedSpace('talk'))));
    expect(made.filter(Boolean)).toHaveLength(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('goes on by itself when the server has thrown its connections out', async () => {
    const store = await openFresh();
    await store.migrate();
    await withAdmin(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
    );
    await expect
      .poll(() => store.createSpace(storedSpace('talk')).catch(() => null), { timeout: 20_000 })
      .not.toBeNull();
    expect(await store.space('talk')).toEqual(storedSpace('talk'));
    await store.close();
  });
});

describe('without PostgreSQL', () => {
  it('says that a part is away when nothing answers at the address', async () => {
    const store = open(`postgres://parterre@127.0.0.1:${await freePort()}/none`);
    await expect(store.space('talk')).rejects.toMatchObject({ code: 'part_away' });
    await store.close();
  });
});

function open(url: string): Store {
  return openPostgresStore(url, () => undefined);
}

async function openFresh(): Promise<Store> {
  return open(await freshDatabase());
}

async function freshDatabase(): Promise<string> {
  const name = `run${databases++}`;
  await withAdmin(`create database ${name}`);
  return `postgres://parterre@127.0.0.1:${port}/${name}`;
}

async function withAdmin(sql: string): Promise<void> {
  const client = new pg.Client(admin());
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}

/** The folder of PostgreSQL's programs: Debian's, newest first, or what was built by hand. */
function findBin(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), '/usr/local/bin'];
  return (
    folders.find((path) => ['postgres', 'initdb'].every((name) => existsSync(join(path, name)))) ??
    null
  );
}
