import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeContract, storedInvite, storedSpace } from '../../ports/store.contract.ts';
import { SqlStore, type Tables } from '../sql/index.ts';
import { migrations } from '../sql/schema.ts';
import { NodeSqliteDialect, openDatabase } from './dialect.ts';
import { failureOf } from './failure.ts';
import { openSqliteStore } from './index.ts';

const SOURCE = new URL('./index.ts', import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parterre-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite', async () => openSqliteStore(join(folder, 'store.sqlite')));

describe('the SQLite file', () => {
  const path = () => join(folder, 'store.sqlite');

  it('is written ahead, synced at each commit, with foreign keys', async () => {
    const store = openSqliteStore(path());
    await store.migrate();
    const reader = new DatabaseSync(path());
    expect(reader.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(
      reader.prepare("select name from sqlite_master where name = 'spaces'").get(),
    ).toBeDefined();
    reader.close();
    await store.close();
  });

  it('shares the file with a process that writes, and keeps all it acknowledged before kill -9', async () => {
    const store = openSqliteStore(path());
    await store.migrate();
    const acknowledged = join(folder, 'acknowledged');
    writeFileSync(acknowledged, '');
    const child = spawnWriter(path(), acknowledged);
    const seen = () => readFileSync(acknowledged, 'utf8').split('\n').filter(Boolean);
    const own: string[] = [];
    await expect
      .poll(
        async () => {
          const id = `own-${own.length}`;
          if (await store.createSpace(storedSpace(id))) own.push(id);
          return seen().length;
        },
        { timeout: 30_000, interval: 5 },
      )
      .toBeGreaterThan(20);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const id of [...seen(), ...own]) expect(await store.space(id)).toEqual(storedSpace(id));
    await store.close();
  }, 60_000);

  it('says so when the disk is full, and has changed nothing', async () => {
    const store = openSqliteStore(path());
    await store.migrate();
    await store.createSpace(storedSpace('first'));
    await store.close();
    const full = openDatabase(path());
    full.exec('pragma max_page_count = 1'); // no page beyond those that are there
    const tight = new SqlStore(new Kysely({ dialect: new NodeSqliteDialect(full) }), failureOf);
    const title = 'x'.repeat(100_000);
    await expect(tight.createSpace(storedSpace('second', { title }))).rejects.toMatchObject({
      code: 'disk_full',
    });
    expect(await tight.space('second')).toBeNull();
    expect(await tight.createSpace(storedSpace('third'))).toBe(true);
    await tight.close();
  });

  it('brings the tables of the first version up to date with all that is in them', async () => {
    const dialect = new NodeSqliteDialect(openDatabase(path()));
    const first = new Kysely<Tables>({ dialect });
    const { error } = await new Migrator({ db: first, provider: migrations }).migrateTo(
      '0001-spaces-invites-tokens',
    );
    expect(error).toBeUndefined();
    const store = new SqlStore(first, failureOf);
    const talk = storedSpace('talk', { zone: null, groups: [], clip: null });
    await first
      .insertInto('spaces')
      .values({
        id: talk.id,
        title: talk.title,
        host: talk.host,
        state: talk.state,
        profile: talk.profile,
        rendition: talk.rendition,
        holding_sound: 1,
        doors_at_ms: talk.doorsAtMs,
        starts_at_ms: talk.startsAtMs,
        replay_ready: 0,
        created_at_ms: talk.createdAtMs,
      })
      .execute();
    await store.createInvite(storedInvite('one', 'talk'));
    await expect(store.updateSpace('talk', { startsAtMs: null })).rejects.toThrow(/NOT NULL/);
    await store.migrate();
    expect(await store.space('talk')).toEqual(talk);
    expect(await store.invite('one')).toEqual(storedInvite('one', 'talk'));
    expect(await store.updateSpace('talk', { startsAtMs: null })).toMatchObject({
      startsAtMs: null,
    });
    await store.close();
  });

  it('refuses a file that is no database, and leaves it as it was', () => {
    writeFileSync(path(), 'not a database'.repeat(100));
    expect(() => openSqliteStore(path())).toThrow(/not a database/);
    expect(readFileSync(path(), 'utf8')).toBe('not a database'.repeat(100));
  });
});

/** A process that makes spaces as fast as it can and notes each one once it is acknowledged. */
function spawnWriter(path: string, acknowledged: string): ChildProcess {
  const script = `
    import { appendFileSync } from 'node:fs';
    const { openSqliteStore } = await import(${JSON.stringify(SOURCE)});
    const store = openSqliteStore(${JSON.stringify(path)});
    await store.migrate();
    const space = ${JSON.stringify(storedSpace('SPACE'))};
    for (let index = 0; ; index++) {
      const id = 'space-' + index;
      const stored = { ...space, id, title: 'Title of ' + id };
      if (await store.createSpace(stored)) appendFileSync(${JSON.stringify(acknowledged)}, id + '\\n');
    }`;
  const args = ['--input-type=module', '--eval', script];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
