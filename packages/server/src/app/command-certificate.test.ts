import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateText, issueCertificate } from '@parterre/rehearsal/certificate';
import { ownPermit, readPermit } from '@parterre/rehearsal/permit';
import { signingKey } from '@parterre/rehearsal/signing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { heldResult } from '../ports/rehearsal-result.sample.ts';
import { keepNewest, newestOf } from './certificate-file.ts';
import { run } from './cli.ts';
import { loadSecrets } from './secrets.ts';

let folder: string;
let said: string;
let complained: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parterre-commands-'));
  said = '';
  complained = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const data = () => ['--data', folder];
const path = (name: string) => join(folder, name);
const keyOfFolder = () => signingKey(loadSecrets(folder).signingSeed);

function issued(nowMs = Date.now()): string {
  const result = heldResult();
  const server = result.server;
  if (server === null) throw new Error('The sample names its server.');
  const certificate = issueCertificate({
    key: keyOfFolder(),
    result,
    server,
    id: 'c'.repeat(16),
    issuer: 'https://live.example.org',
    broughtBy: 'owner',
    nowMs,
  });
  return certificateText(certificate);
}

describe('parterre certificate', () => {
  it('[P8] finds its own certificate valid, and exits 1 for any other', async () => {
    const text = issued();
    writeFileSync(path('good.json'), text);
    expect(await run(['certificate', 'verify', path('good.json'), ...data()])).toBe(0);
    expect(said).toMatch(/^VALID\. It counts until/);
    expect(said).toContain('1000 listeners at once');
    const byKey = ['--key', keyOfFolder().fingerprint, '--data', path('elsewhere')];
    expect(await run(['certificate', 'verify', path('good.json'), ...byKey])).toBe(0);
    const foreign = ['--key', signingKey(Buffer.alloc(32, 9)).fingerprint];
    said = '';
    expect(await run(['certificate', 'verify', path('good.json'), '--json', ...foreign])).toBe(1);
    expect(JSON.parse(said)).toMatchObject({ state: 'forged', id: 'c'.repeat(16) });
    for (const [name, changed] of [
      ['more', text.replace('"listeners":1000', '"listeners":9000')],
      ['spaced', JSON.stringify(JSON.parse(text), null, 2)],
      ['cut', text.slice(0, 200)],
      ['old', issued(Date.now() - 40 * 86_400_000)],
    ] as const) {
      writeFileSync(path(name), changed);
      said = '';
      expect(await run(['certificate', 'verify', path(name), ...data()]), name).toBe(1);
      expect(said).toMatch(name === 'old' ? /^EXPIRED/ : /^NOT GENUINE/);
    }
  });

  it('says what is missing', async () => {
    writeFileSync(path('good.json'), issued());
    for (const words of [
      ['verify'],
      ['sign'],
      ['show', ...data()],
      ['verify', path('none'), ...data()],
      ['verify', path('good.json'), '--key', 'short'],
      ['verify', path('good.json'), '--data', path('elsewhere')],
    ]) {
      complained = '';
      expect(await run(['certificate', ...words]), words.join(' ')).toBe(2);
      expect(complained).toMatch(/^parterre: \S/);
    }
  });

  it('shows the newest of the data folder', async () => {
    expect(newestOf(folder)).toBeNull();
    await keepNewest(folder, 'old');
    await keepNewest(folder, issued());
    expect(await run(['certificate', 'show', ...data()])).toBe(0);
    expect(said).toContain('Capacity certificate cccccccccccccccc of https://live.example.org');
    expect(said).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe('parterre plan', () => {
  it('[P8] counts from the newest certificate, in words and as JSON', async () => {
    await keepNewest(folder, issued());
    expect(await run(['plan', '--listeners', '25000', '--bitrate', '40', ...data()])).toBe(0);
    expect(said).toMatch(/25 and 2 spare: 27 of "like the rehearsed one/);
    expect(said).not.toMatch(/undefined|NaN|\[object/);
    said = '';
    const flags = ['--listeners', '25000', '--bitrate', '40', '--json'];
    expect(await run(['plan', ...flags, ...data()])).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ machines: 25, machinesWithSpare: 27, expired: false });
  });

  it('takes a table of prices, and says what is wrong with one', async () => {
    await keepNewest(folder, issued());
    const machine = { name: 'm', cores: 4, memoryBytes: 16e9, egressGbps: 10, perHour: 1 };
    const prices = { currency: 'CHF', machine, egressPerGb: 0 };
    const flags = ['--listeners', '5000', '--bitrate', '40', '--prices', path('prices.json')];
    writeFileSync(path('prices.json'), JSON.stringify(prices));
    expect(await run(['plan', ...flags, ...data()])).toBe(0);
    expect(said).toContain('7 CHF an hour');
    for (const wrong of [{}, { ...prices, egressPerGb: -1 }, { ...prices, more: 1 }, 'none']) {
      writeFileSync(path('prices.json'), JSON.stringify(wrong));
      expect(await run(['plan', ...flags, ...data()])).toBe(2);
      expect(complained).toContain('is no table of prices');
    }
    writeFileSync(
      path('prices.json'),
      JSON.stringify({ ...prices, machine: { ...machine, cores: 1 } }),
    );
    expect(await run(['plan', ...flags, ...data()])).toBe(1);
    expect(complained).toContain('says nothing of one with 1');
  });
});

describe('parterre permit', () => {
  const bounds = ['--listeners', '5000', '--joins-per-s', '200', '--minutes', '10'];
  const here = ['--public-url', 'https://live.example.org'];

  it('[P8] is signed for this server’s address, within bounds', async () => {
    expect(await run(['permit', ...bounds, ...here, ...data()])).toBe(0);
    const permit = ownPermit(keyOfFolder(), 'https://live.example.org', said);
    expect(permit).toMatchObject({
      listeners: 5_000,
      joinsPerS: 200,
      seconds: 600,
      disturb: false,
    });
    const hours = ((permit?.expiresAtMs ?? 0) - (permit?.issuedAtMs ?? 0)) / 3_600_000;
    expect(hours).toBe(24);
    expect(complained).toContain(`parterre permit --revoke ${permit?.id}`);
    const out = path('permit');
    expect(await run(['permit', ...bounds, '--disturb', '--out', out, ...here, ...data()])).toBe(0);
    expect(readPermit(readFileSync(out, 'utf8'))).toMatchObject({ disturb: true });
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it.each([
    [[]],
    [['--listeners', '0', '--joins-per-s', '1', '--minutes', '1']],
    [['--listeners', '1', '--joins-per-s', '1.5', '--minutes', '1']],
    [['--listeners', '1', '--joins-per-s', '1', '--minutes', '1441']],
    [[...bounds, '--hours', '721']],
    [[...bounds, 'word']],
    [['--revoke', '../x']],
  ])('refuses what has no bounds: %j', async (words) => {
    expect(await run(['permit', ...words, ...here, ...data()])).toBe(2);
    expect(said).toBe('');
  });

  it('is not needed on this machine, and not taken back where no server runs', async () => {
    expect(await run(['permit', ...bounds, ...data()])).toBe(2);
    expect(complained).toContain('needs no permit');
    expect(await run(['permit', '--revoke', 'a'.repeat(16), ...data()])).toBe(1);
    expect(complained).toContain('No server runs');
  });
});
