/** What keeps a server from starting is said in one plain sentence, with exit code 2, and harms nothing. */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';
import { Tap } from './support/tap.ts';

const MAIN = join(import.meta.dirname, '../../packages/server/src/app/main.ts');

describe('a start that cannot be', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-start-'));

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs `parterre serve` until it ends by itself. */
  async function serve(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<{ code: number; said: string }> {
    const everything = ['--host', '127.0.0.1', '--port', '0', '--rtc-port', '0', ...args];
    const child = spawn(process.execPath, [MAIN, 'serve', ...everything], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said += String(bytes);
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  test('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const data = join(folder, 'port');
    const { code, said } = await serve(['--port', String(port), '--data', data]);
    other.close();
    expect(code).toBe(2);
    expect(said).toContain(`Port ${port} is taken by another program. Stop it, or choose another`);
  });

  test('the UDP port of the speakers is taken', async () => {
    const other = createSocket('udp4').bind(0);
    await once(other, 'listening');
    const { port } = other.address();
    const data = join(folder, 'udp');
    const { code, said } = await serve(['--rtc-port', String(port), '--data', data]);
    other.close();
    expect(code).toBe(2);
    expect(said).toContain(`UDP port ${port} is taken by another program. Stop it, or choose`);
  });

  test('the data folder cannot be', async () => {
    writeFileSync(join(folder, 'file'), '');
    for (const data of [join(folder, 'file/data'), '/proc/parterre']) {
      const { code, said } = await serve(['--data', data]);
      expect(code).toBe(2);
      expect(said).toContain(`The data folder ${data} cannot be used`);
      expect(said.trim().split('\n').length, said).toBeLessThanOrEqual(2);
    }
  });

  describe('beside a server that runs', () => {
    let server: TestServer;
    let tap: Tap;

    beforeAll(async () => {
      server = await TestServer.start();
      await server.createSpace({ id: 'evening', title: 'An evening' });
      await server.start('evening');
      tap = new Tap(() => `${server.url}/live/evening`);
      await until(() => tap.lastSeq > 0, 'the programme is heard');
    });

    afterAll(async () => {
      await tap?.stop();
      await server?.stop();
    });

    test('owner-link needs nothing but its data folder to find it', () => {
      const words = [MAIN, 'owner-link', '--data', server.data];
      const link = execFileSync(process.execPath, words, { encoding: 'utf8' });
      expect(link).toMatch(/\/owner#token=\S+\n$/);
      expect(link.startsWith(`${server.url}/owner#`)).toBe(true);
      const elsewhere = [...words, '--public-url', 'https://live.example.org'];
      expect(execFileSync(process.execPath, elsewhere, { encoding: 'utf8' })).toMatch(
        /^https:\/\/live\.example\.org\/owner#token=/,
      );
    });

    test('the data folder is taken, and the one who has it does not notice', async () => {
      const { code, said } = await serve(['--data', server.data]);
      expect(code).toBe(2);
      expect(said).toContain(`Another Parterre runs on ${server.data}. Stop it, or choose another`);
      const seq = tap.lastSeq;
      await until(() => tap.lastSeq > seq + 5, 'the programme goes on');
      expect(tap.connections).toBe(1);
      expect((await server.fetch('/api/spaces/evening')).ok).toBe(true);
    });

    test('the port is taken by another Parterre, and its listeners do not notice', async () => {
      const { port } = new URL(server.url);
      const { code, said } = await serve(['--port', port, '--data', join(folder, 'second')]);
      expect(code).toBe(2);
      expect(said).toContain(`Port ${port} is taken`);
      expect(tap.connections).toBe(1);
      expect(tap.jumps).toEqual([]);
    });
  });

  test('the configuration is wrong, wherever it stands', async () => {
    const file = (text: string): string => {
      const path = join(folder, `config-${readdirSync(folder).length}.json`);
      writeFileSync(path, text);
      return path;
    };
    const data = ['--data', join(folder, 'never')];
    const wrong: readonly [readonly string[], NodeJS.ProcessEnv, RegExp][] = [
      [['--config', file('{"prot": 8040}')], {}, /The key "prot" in .* is not known/],
      [['--config', file('{"edges": "two"}')], {}, /"edges" in .* must be a whole number from 0/],
      [['--config', file('{"edges": ')], {}, /cannot be read as JSON/],
      [['--config', join(folder, 'absent.json')], {}, /absent\.json/],
      [[], { PARTERRE_PROT: '1' }, /PARTERRE_PROT is not known/],
      [[], { PARTERRE_EDGES: '-1' }, /"edges" in PARTERRE_EDGES must be/],
      [['--prot', '8040'], {}, /--prot/],
      [['--port', '70000'], {}, /"port" in --port must be a whole number from 0 to 65535/],
      [['--host', 'localhost'], {}, /numeric address/],
      [['--tls-cert', 'a.pem'], {}, /give both or neither/],
    ];
    for (const [args, environment, words] of wrong) {
      const { code, said } = await serve([...data, ...args], environment);
      expect(said).toMatch(words);
      expect(said.trim().split('\n').length, said).toBeLessThanOrEqual(2);
      expect(code).toBe(2);
    }
  });
});
