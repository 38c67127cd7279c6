/**
 * The recipe of docs/operate/turn.md, run with Debian's coturn: its own configuration and Parterre's own
 * flag are read out of the document; only addresses, ports and the certificate are this machine's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchOptions, openContext } from './support/browser.ts';
import { selfSigned } from './support/certificate.ts';
import { keepConnections } from './support/connections.ts';
import { freePort } from './support/free-port.ts';
import { TestServer, until } from './support/server.ts';
import { decode, hasFfmpeg, SPEECH, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, openSoundCheck } from './support/studio.ts';
import { Tap } from './support/tap.ts';

const COTURN = '/usr/bin/turnserver';
const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/operate/turn.md'), 'utf8');
const RECIPE = /```\n(listening-ip=[\s\S]*?)```/.exec(DOCUMENT)?.[1] ?? '';
const FLAG = /--ice-servers (\S+)/.exec(DOCUMENT)?.[1] ?? '';
const able = existsSync(COTURN) && hasChromium && hasFfmpeg;

if (!able) console.info('The relay is not tried: coturn, Chromium and ffmpeg are needed.');

describe.skipIf(!able)('a relay by the recipe (coturn, Chromium)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-turn-'));
  const microphone = join(folder, 'voice.wav');
  const log = join(folder, 'turn.log');
  let coturn: ChildProcess | null = null;
  let server: TestServer;
  let browser: Browser;
  let tap: Tap | null = null;

  beforeAll(async () => {
    writeWav(microphone, decode(SPEECH));
    const ports = { plain: await freePort(), tls: await freePort() };
    await startRelay(ports);
    const servers = FLAG.replaceAll('turn.example.org', '127.0.0.1')
      .replaceAll(':3478', `:${ports.plain}`)
      .replaceAll(':443', `:${ports.tls}`);
    const byTcp = servers.replace(/.*,(turn:[^,]+),.*/, '$1?transport=tcp');
    const all = ['--ice-servers', `${servers},${byTcp}`, '--rtc-addresses', '127.0.0.1'];
    server = await TestServer.start(all);
    const { args, ...options } = launchOptions(microphone);
    // Chromium asks no relay on loopback, and trusts no certificate of our own, unless it is told to.
    const loopback = ['--allow-loopback-in-peer-connection', '--ignore-certificate-errors'];
    browser = await chromium.launch({ ...options, args: [...args, ...loopback] });
  });

  afterEach(async () => {
    await tap?.stop();
    tap = null;
    for (const context of browser.contexts()) await context.close();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await stopRelay();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startRelay({ plain, tls }: { plain: number; tls: number }): Promise<void> {
    const { certificate, key } = selfSigned(folder);
    const settings = RECIPE.replace('listening-ip=203.0.113.11', 'listening-ip=127.0.0.1')
      .replace('listening-port=3478', `listening-port=${plain}`)
      .replace('tls-listening-port=443', `tls-listening-port=${tls}`)
      .replace('allowed-peer-ip=203.0.113.10', 'allowed-peer-ip=127.0.0.1')
      .replace(/^cert=.*$/m, `cert=${certificate}`)
      .replace(/^pkey=.*$/m, `pkey=${key}`);
    // Only for this test: everything is on loopback, and nothing is written outside the folder.
    const own = `allow-loopback-peers\nuserdb=${folder}/db\npidfile=${folder}/pid\nlog-file=${log}\nsimple-log\n`;
    const path = join(folder, 'turnserver.conf');
    writeFileSync(path, settings + own);
    coturn = spawn(COTURN, ['-c', path], { stdio: 'ignore' });
    await until(() => existsSync(log) && /DB connection success/.test(logged()), 'coturn listens');
  }

  async function stopRelay(): Promise<void> {
    if (coturn === null) return;
    const ended = new Promise((resolve) => coturn?.once('exit', resolve));
    coturn.kill('SIGTERM');
    await ended;
    coturn = null;
  }

  const logged = (): string => readFileSync(log, 'utf8');

  /** What the studio says of the relay, and its advice. */
  async function selfTest(): Promise<{ relay: string; advice: string[] }> {
    const page = await (await openContext(browser)).newPage();
    await openSoundCheck(page, await server.invite('asked', 'speaker', 'Ben'), 'Ben');
    await page.getByRole('button', { name: 'Test my connection' }).click();
    const row = page.locator('.report > div', { hasText: 'Relay (TURN)' });
    await row.waitFor();
    const relay = (await row.locator('dd').textContent()) ?? '';
    return { relay, advice: await page.locator('.advice li').allTextContents() };
  }

  /** On air in a space of that name, by the relays of that pattern alone. */
  async function onAir(link: string, name: string, relay?: string): Promise<Page> {
    const context = await openContext(browser);
    await keepConnections(context, relay);
    const page = await context.newPage();
    await enterGreenRoom(page, link, name);
    await goOnAir(page);
    return page;
  }

  test.each([
    ['turn:[^?]*', 'udp'],
    ['turn:.*=tcp', 'tcp'],
    ['turns:.*', 'tls'],
  ])(
    'a speaker who has only the relay %s is heard by the house, and hears',
    async (relay, protocol) => {
      const space = `only-by-${protocol}`;
      await server.createSpace({ id: space, title: 'Behind a firewall' });
      await server.start(space);
      const ada = await onAir(await server.invite(space, 'host', 'Ada'), 'Ada', relay);
      tap = new Tap(() => `${server.url}/live/${space}`);
      const speaks = () =>
        tap?.snapshot?.seats.some((seat) => seat.name === 'Ada' && seat.speaking);
      await until(() => speaks() === true, 'the relayed speaker is heard');
      expect(await pathOf(ada)).toMatchObject({ type: 'relay', protocol });
      const ben = await onAir(await server.invite(space, 'cohost', 'Ben'), 'Ben');
      await until(async () => (await pathOf(ada)).heard > 50, 'Ada hears Ben');
      await until(async () => (await pathOf(ben)).heard > 50, 'Ben hears Ada');
      expect((await pathOf(ben)).type).not.toBe('relay');
    },
  );

  test('the studio’s connectivity test says so, and what to do when the relay is gone', async () => {
    await server.createSpace({ id: 'asked', title: 'Does it work?' });
    const works = await selfTest();
    expect(works.relay).toBe('works');
    expect(works.advice.join(' ')).not.toContain('relay');
    expect(logged()).not.toMatch(/Bad configuration|unknown (?:option|argument)/i);
    await stopRelay();
    const gone = await selfTest();
    expect(gone.relay).toBe('blocked');
    expect(gone.advice.join(' ')).toContain('The relay does not answer. Tell the owner');
  });
});

/** How the page's voice travels: the near end of the pair of candidates in use, and the packets that came. */
function pathOf(page: Page): Promise<{ type: string; protocol: string; heard: number }> {
  return page.evaluate(async () => {
    const { connections } = window as unknown as { connections: RTCPeerConnection[] };
    const stats = (await connections.at(-1)!.getStats()) as ReadonlyMap<
      string,
      RTCStats & Record<string, string>
    >;
    const all = [...stats.values()];
    const transport = all.find((entry) => entry.type === 'transport');
    const pair = stats.get(transport!.selectedCandidatePairId!);
    const near = stats.get(pair!.localCandidateId!)!;
    const received = all.filter((entry) => entry.type === 'inbound-rtp');
    const heard = received.reduce((sum, entry) => sum + Number(entry.packetsReceived), 0);
    return { type: near.candidateType!, protocol: near.relayProtocol!, heard };
  });
}
