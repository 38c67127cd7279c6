import type { Certificate, CertificateList, CurrentCapacity } from '@parterre/protocol/certificate';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import { CERTIFICATE_MS, checkCertificate, readCertificate } from '@parterre/rehearsal/certificate';
import { readPermit, signPermit } from '@parterre/rehearsal/permit';
import { signingKey } from '@parterre/rehearsal/signing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heldResult, SERVER } from '../ports/rehearsal-result.sample.ts';
import { type House, NOW_MS, openHouse, ownerCookie, SIGNING } from './api.fixture.ts';

let house: House;
let newest: string[];
beforeEach(async () => {
  newest = [];
  house = await openHouse({ keepNewest: async (text) => void newest.push(text) });
});
afterEach(() => house.close());

const codeOf = (answer: { json(): unknown }) =>
  (answer.json() as { error: { code: string } }).error.code;
const detailOf = (answer: { json(): unknown }) =>
  (answer.json() as { error: { detail?: string } }).error.detail;

const here = { headers: { host: 'localhost:8040', 'x-forwarded-for': '127.0.0.1' } };
const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });

function permitText(change: Partial<Parameters<typeof signPermit>[1]> = {}, key = SIGNING): string {
  return signPermit(key, {
    v: 1,
    id: 'p'.repeat(16),
    audience: 'https://live.example.org',
    key: key.fingerprint,
    issuedAtMs: NOW_MS - 1_000,
    expiresAtMs: NOW_MS + 600_000,
    listeners: 1_000,
    joinsPerS: 100,
    seconds: 600,
    disturb: false,
    ...change,
  });
}

const bring = (body: object, options: Parameters<House['ask']>[2] = here) =>
  house.ask('POST', '/api/rehearsals', { body, ...options });
const bringAsOwner = (body: object) => bring(body, { cookie: ownerCookie() });

describe('certificates', () => {
  it('[P8] certifies what held, signed, kept, and the same wherever it is read', async () => {
    const answer = await bring(heldResult());
    expect(answer.statusCode).toBe(201);
    const certificate = readCertificate(answer.body) as Certificate;
    expect(checkCertificate(certificate, SIGNING.publicKey, NOW_MS, SERVER).state).toBe('valid');
    expect(certificate.payload).toMatchObject({
      issuer: 'https://live.example.org',
      broughtBy: 'machine',
      capacity: { listeners: 1_000, joinsPerS: 100 },
      expiresAtMs: NOW_MS + CERTIFICATE_MS,
    });
    expect(newest).toEqual([answer.body]);
    const path = answer.headers.location as string;
    expect((await house.asOwner('GET', path)).body).toBe(answer.body);
    const { certificates } = (
      await house.asOwner('GET', '/api/certificates')
    ).json<CertificateList>();
    expect(certificates).toEqual([{ state: 'valid', differs: [], certificate }]);
  });

  it('[P8] one that cannot be read any more does not hide the others', async () => {
    const unreadable = {
      id: 'f'.repeat(16),
      issuedAtMs: NOW_MS - 1,
      certificate: '{}',
      result: '{}',
    };
    await house.store.addCertificate(unreadable, 10);
    const none = (await house.ask('GET', '/api/certificates/current')).json<CurrentCapacity>();
    expect(none.current).toBe(null);
    await bring(heldResult());
    const { certificates } = (
      await house.asOwner('GET', '/api/certificates')
    ).json<CertificateList>();
    expect(certificates).toHaveLength(1);
  });

  it('[P8] shows everybody the newest in short, with the key to check it', async () => {
    const current = async () =>
      (await house.ask('GET', '/api/certificates/current')).json<CurrentCapacity>();
    const { publicKey, fingerprint } = SIGNING;
    expect(await current()).toEqual({ publicKey, fingerprint, current: null });
    await bring(heldResult());
    house.clock.nowMs += 1_000;
    const { exercised } = heldResult();
    await bring(heldResult({ exercised: { ...exercised, listeners: 2_000 } }));
    expect((await current()).current).toMatchObject({
      state: 'valid',
      differs: [],
      scenario: 'steady',
      profile: 'steady',
      capacity: { listeners: 2_000, joinsPerS: 100 },
      issuedAtMs: NOW_MS + 1_000,
    });
    house.clock.nowMs += CERTIFICATE_MS;
    expect((await current()).current?.state).toBe('expired');
  });

  it('[P8] is stale on a server that was changed, and says what differs', async () => {
    await bring(heldResult());
    const changed = { ...SERVER, topology: { ...SERVER.topology, edges: 3 } };
    const other = await openHouse({ server: changed }, { store: house.store });
    const answer = await other.ask('GET', '/api/certificates/current');
    expect(answer.json<CurrentCapacity>().current).toMatchObject({
      state: 'stale',
      differs: ['topology.edges'],
    });
    await other.api.close();
  });

  it.each<[string, Partial<RehearsalResult>, string, RegExp]>([
    ['broke a promise', { outcome: 'broken', reason: 'A gap.' }, 'not_held', /broken.*A gap/],
    ['was void', { outcome: 'void' }, 'not_held', /void/],
    ['heard a gap after all', { totals: { ...heldResult().totals, gaps: 1 } }, 'not_held', /gap/],
    ['names no server', { server: null }, 'server_differs', /no server/],
    [
      'was of another build',
      { server: { ...SERVER, build: { ...SERVER.build, digest: 'f' } } },
      'server_differs',
      /build\.digest/,
    ],
    ['is of last week', { endedAtMs: NOW_MS - 7 * 86_400_000 }, 'bad_request', /last day/],
    ['is of tomorrow', { endedAtMs: NOW_MS + 86_400_000 }, 'bad_request', /last day/],
  ])('[P8] certifies no rehearsal that %s', async (_what, change, code, detail) => {
    const answer = await bring(heldResult(change));
    expect(codeOf(answer)).toBe(code);
    expect(detailOf(answer)).toMatch(detail);
    expect(await house.store.certificates(9)).toEqual([]);
    expect(newest).toEqual([]);
  });

  it('takes a long timeline, thins what it keeps, and refuses what is too long', async () => {
    const second = {
      atS: 0,
      wanted: 1_000,
      listeners: 1_000,
      inLine: 0,
      serverListeners: null,
      tickets: 0,
      joins: 1,
      resumes: 0,
      leaves: 0,
      refusals: 0,
      gaps: 0,
      dry: 0,
      latencyP50Ms: 1_000.5,
      latencyP99Ms: 2_000.5,
      joinP95Ms: null,
      bytes: 4_000_000,
      serverCpu: 0.5,
      edgeCpu: 0.25,
      generatorCpu: 0.5,
      loopDelayMs: 12,
      flushMs: 1_000,
      serverMemoryBytes: 4e8,
      ticksSkipped: 0,
    };
    const seconds = Array.from({ length: 7_200 }, (_, atS) => ({ ...second, atS }));
    const answer = await bring(heldResult({ seconds }));
    expect(answer.statusCode).toBe(201);
    const { id } = (answer.json() as Certificate).payload;
    const kept = JSON.parse((await house.store.certificate(id))?.result ?? '') as RehearsalResult;
    expect(kept.seconds).toHaveLength(600);
    expect(kept.seconds.reduce((sum, { joins }) => sum + joins, 0)).toBe(7_200);
    const day = Array.from({ length: 20_000 }, (_, atS) => ({ ...second, atS }));
    expect(codeOf(await bring(heldResult({ seconds: day })))).toBe('too_large');
  });

  it.each([
    { v: 2 },
    { id: 'short' },
    { outcome: 'splendid' },
    { exercised: { ...heldResult().exercised, listeners: -1 } },
    { promises: [{ promise: 'P9', measure: 'gaps', limit: 0, measured: 0, held: true }] },
  ])('refuses what is no result: %o', async (change) => {
    expect(codeOf(await bring({ ...heldResult(), ...change }))).toBe('bad_request');
  });

  it('shows the rehearsal as a page that may load nothing', async () => {
    const { location } = (await bring(heldResult())).headers;
    const page = await house.asOwner('GET', `${location}/report?lang=fr`);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/);
    expect(page.body).toContain('<html lang="fr">');
    expect((await house.asOwner('GET', `${location}/report`)).body).toContain('Every promise held');
    expect(codeOf(await house.asOwner('GET', `${location}/report?lang=xx`))).toBe('bad_request');
  });

  it('is there all the same when the copy for commands cannot be written', async () => {
    const other = await openHouse({
      keepNewest: async () => {
        throw new Error('read-only');
      },
    });
    const body = heldResult();
    expect((await other.ask('POST', '/api/rehearsals', { body, ...here })).statusCode).toBe(201);
    expect(other.log.lines.join()).toContain('read-only');
    await other.close();
  });
});

describe('who may rehearse', () => {
  it('[P8] is the owner, who holds a permit, and this machine', async () => {
    for (const options of [here, { cookie: ownerCookie() }, bearer(permitText())]) {
      const answer = await house.ask('GET', '/api/server', options);
      expect(answer.json()).toEqual(SERVER);
      expect((await bring(heldResult(), options)).statusCode).toBe(201);
    }
    const kept = await house.store.certificates(9);
    const by = kept.map((text) => readCertificate(text)?.payload.broughtBy);
    expect(by.sort()).toEqual(['machine', 'owner', 'permit']);
  });

  it.each<[string, Parameters<House['ask']>[2], string]>([
    ['anybody', {}, 'not_signed_in'],
    ['through a proxy', { headers: { ...here.headers, via: '1.1 proxy' } }, 'not_signed_in'],
    [
      'by a name of theirs',
      { headers: { ...here.headers, host: 'evil.example' } },
      'not_signed_in',
    ],
    [
      'with a false permit',
      bearer(permitText({}, signingKey(Buffer.alloc(32, 9)))),
      'permit_invalid',
    ],
    [
      'of another server',
      bearer(permitText({ audience: 'https://other.example.org' })),
      'permit_invalid',
    ],
    ['too late', bearer(permitText({ expiresAtMs: NOW_MS })), 'permit_invalid'],
    ['with any other token', bearer('x'), 'permit_invalid'],
  ])('is not %s', async (_what, options, code) => {
    expect(codeOf(await house.ask('GET', '/api/server', options))).toBe(code);
    expect(codeOf(await bring(heldResult(), options))).toBe(code);
    expect(codeOf(await bring({}, options))).toBe(code);
    expect(codeOf(await house.ask('GET', '/api/certificates/aaaaaaaaaaaaaaaa', options))).toBe(
      code,
    );
    expect(await house.store.certificates(9)).toEqual([]);
  });

  it('keeps the list for the owner', async () => {
    expect(codeOf(await house.ask('GET', '/api/certificates'))).toBe('not_signed_in');
    expect(codeOf(await house.asOwner('GET', '/api/certificates?limit=201'))).toBe('bad_request');
    const none = await house.asOwner('GET', '/api/certificates/aaaaaaaaaaaaaaaa');
    expect(codeOf(none)).toBe('unknown_certificate');
    expect(codeOf(await house.asOwner('GET', '/api/certificates/A%2f'))).toBe('bad_request');
  });

  it('lets who rehearses with a permit see the metrics', async () => {
    expect((await house.ask('GET', '/metrics', bearer(permitText()))).body).toBe('collected 1\n');
    expect(codeOf(await house.ask('GET', '/metrics', bearer('x')))).toBe('forbidden');
  });

  it('[P8] certifies nothing beyond a permit', async () => {
    const { exercised } = heldResult();
    for (const change of [{ listeners: 1_001 }, { joinsPer10S: 101 }]) {
      const result = heldResult({ exercised: { ...exercised, ...change } });
      expect(codeOf(await bring(result, bearer(permitText())))).toBe('forbidden');
      expect((await bringAsOwner(result)).statusCode).toBe(201);
    }
  });
});

describe('permits', () => {
  const text = permitText();
  const path = `/api/rehearsals/permits/${readPermit(text)?.id}`;
  const standing = () => house.ask('GET', path, bearer(text));

  it('[P8] count until they are taken back, at once and for good', async () => {
    expect((await standing()).json()).toEqual({
      id: 'p'.repeat(16),
      state: 'valid',
      expiresAtMs: NOW_MS + 600_000,
    });
    expect((await house.ask('DELETE', path, here)).statusCode).toBe(204);
    expect((await standing()).json()).toMatchObject({ state: 'revoked' });
    expect(codeOf(await house.ask('GET', '/api/server', bearer(text)))).toBe('permit_invalid');
    expect((await house.asOwner('DELETE', path)).statusCode).toBe(204);
    expect((await standing()).json()).toMatchObject({ state: 'revoked' });
  });

  it('[P8] expire', async () => {
    house.clock.nowMs += 600_000;
    expect((await standing()).json()).toMatchObject({ state: 'expired' });
  });

  it('[P8] of another server, or under another number, are not known', async () => {
    const foreign = permitText({}, signingKey(Buffer.alloc(32, 9)));
    expect(codeOf(await house.ask('GET', path, bearer(foreign)))).toBe('permit_invalid');
    expect(codeOf(await house.ask('GET', path))).toBe('permit_invalid');
    const other = `/api/rehearsals/permits/${'q'.repeat(16)}`;
    expect(codeOf(await house.ask('GET', other, bearer(text)))).toBe('permit_invalid');
  });

  it('[P8] are taken back by the owner and this machine alone', async () => {
    expect(codeOf(await house.ask('DELETE', path))).toBe('not_signed_in');
    expect((await house.ask('DELETE', path, bearer(text))).statusCode).toBe(401);
    const crossSite = { headers: { ...here.headers, 'sec-fetch-site': 'cross-site' } };
    expect(codeOf(await house.ask('DELETE', path, crossSite))).toBe('forbidden');
    expect((await standing()).json()).toMatchObject({ state: 'valid' });
  });
});
