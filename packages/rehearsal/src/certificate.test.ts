import type { Certificate } from '@parterre/protocol/certificate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';
import {
  CERTIFICATE_MS,
  certificateText,
  checkCertificate,
  differences,
  digestOfResult,
  issueCertificate,
  objectionTo,
  readCertificate,
} from './certificate.ts';
import { brokenResult, NOW_MS, SEED, SERVER, sampleResult } from './result.fixture.ts';
import { signingKey } from './signing.ts';

const key = signingKey(SEED);
const other = signingKey(Buffer.alloc(32, 8));
const issue = (change: Partial<Parameters<typeof issueCertificate>[0]> = {}): Certificate =>
  issueCertificate({
    key,
    result: sampleResult(),
    server: SERVER,
    id: 'c'.repeat(16),
    issuer: 'https://live.example.org',
    broughtBy: 'machine',
    nowMs: NOW_MS,
    ...change,
  });
const certificate = issue();
const text = certificateText(certificate);

/** What a reader would take for a certificate of this server. */
function accepted(candidate: string): boolean {
  const read = readCertificate(candidate);
  return read !== null && checkCertificate(read, key.publicKey, NOW_MS, SERVER).state === 'valid';
}

describe('canonical JSON', () => {
  it('has one spelling whatever the order, and reads back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const spelled = canonicalJson(value);
        expect(canonicalJson(JSON.parse(spelled))).toBe(spelled);
        expect(JSON.parse(spelled)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: 1, a: [1e21, 0.1, -0], é: '\u2028"' })).toBe(
      '{"a":[1e+21,0.1,0],"b":1,"é":"\u2028\\""}',
    );
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, '\ud800', () => 1, { a: undefined }])(
    'refuses what has no such form: %s',
    (value) => expect(() => canonicalJson(value)).toThrow(TypeError),
  );
});

describe('the capacity certificate', () => {
  it('[P8] says what was held, where and until when, and is valid as the server wrote it', () => {
    expect(readCertificate(text)).toEqual(certificate);
    const standing = checkCertificate(certificate, key.publicKey, NOW_MS, SERVER);
    expect(standing).toEqual({
      state: 'valid',
      differs: [],
      words: 'It counts until 2027-02-14.',
    });
    expect(certificate.payload).toMatchObject({
      capacity: { listeners: 60_000, joinsPerS: 1_500 },
      server: SERVER,
      expiresAtMs: NOW_MS + CERTIFICATE_MS,
      rehearsal: { digest: digestOfResult(sampleResult()), scenario: 'steady' },
    });
    expect(Buffer.byteLength(text)).toBeLessThan(8_000);
  });

  it('[P8] expires, and is stale as soon as build, configuration, machine or topology differ', () => {
    const at = (nowMs: number, description = SERVER) =>
      checkCertificate(certificate, key.publicKey, nowMs, description);
    expect(at(NOW_MS + CERTIFICATE_MS - 1).state).toBe('valid');
    expect(at(NOW_MS + CERTIFICATE_MS).state).toBe('expired');
    for (const [name, change] of [
      ['build.digest', { build: { ...SERVER.build, digest: 'x' } }],
      ['configuration.edges', { configuration: { ...SERVER.configuration, edges: '9' } }],
      ['configuration.fresh', { configuration: { ...SERVER.configuration, fresh: '' } }],
      ['machine.cores', { machine: { ...SERVER.machine, cores: 1 } }],
      ['topology.tls', { topology: { ...SERVER.topology, tls: true } }],
    ] as const) {
      const { state, differs, words } = at(NOW_MS, { ...SERVER, ...change });
      expect([state, differs]).toEqual(['stale', [name]]);
      expect(words).toContain(name);
    }
    expect(at(NOW_MS + CERTIFICATE_MS, { ...SERVER, configuration: {} })).toMatchObject({
      state: 'expired',
      differs: expect.arrayContaining(['configuration.edges']),
    });
  });

  it('[P8] certifies no rehearsal that was broken, void, stopped or empty', () => {
    expect(objectionTo(sampleResult())).toBeNull();
    const held = sampleResult();
    for (const result of [
      brokenResult(),
      sampleResult({ outcome: 'void' }),
      sampleResult({ outcome: 'stopped' }),
      sampleResult({ promises: [] }),
      sampleResult({ promises: held.promises.map((one) => ({ ...one, held: false })) }),
      sampleResult({ promises: held.promises.map((one) => ({ ...one, measured: 9 })) }),
      sampleResult({ totals: { ...held.totals, dry: 1 } }),
      sampleResult({ exercised: { ...held.exercised, listeners: 0 } }),
    ])
      expect(objectionTo(result)).toMatch(/\S/);
  });

  it('[P8] is refused with any byte changed, taken out or put in', () => {
    expect(accepted(text)).toBe(true);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length - 1; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
      expect(accepted(changed.toString('utf8')), `byte ${at}`).toBe(false);
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      expect(accepted(without.toString('utf8')), `without byte ${at}`).toBe(false);
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), fc.string({ minLength: 1 }), (at, more) => {
        const put = text.slice(0, at) + more + text.slice(at);
        expect(accepted(put)).toBe(false);
      }),
    );
  });

  it('[P8] accepts none of 100,000 that were forged, spliced or cut', { timeout: 300_000 }, () => {
    const attempts = forgeries(100_000);
    let taken = 0;
    for (const attempt of attempts) if (accepted(attempt)) taken += 1;
    expect(taken).toBe(0);
  });

  it('[P8] of another server is refused, and so is one under another purpose', () => {
    const foreign = issue({ key: other });
    expect(checkCertificate(foreign, other.publicKey, NOW_MS, SERVER).state).toBe('valid');
    expect(checkCertificate(foreign, null, NOW_MS, SERVER).state).toBe('valid');
    expect(checkCertificate(foreign, key.publicKey, NOW_MS, SERVER).state).toBe('forged');
    const { payload, publicKey } = certificate;
    const signature = key.sign('permit', canonicalJson(payload));
    const disguised = { payload, publicKey, signature };
    expect(checkCertificate(disguised, key.publicKey, NOW_MS, SERVER).state).toBe('forged');
  });

  it('names what differs, also what was not there before', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (configuration) => {
        const changed = { ...SERVER, configuration };
        expect(differences(changed, structuredClone(changed))).toEqual([]);
        expect(differences(SERVER, changed)).toEqual([...differences(changed, SERVER)]);
      }),
    );
  });
});

/** Each is unlike `text`, and many are unlike it in one value alone. */
function* forgeries(count: number): Generator<string> {
  const larger = issue({
    result: sampleResult({ scenario: { ...sampleResult().scenario, scale: 9 } }),
  });
  const parts = [
    certificate,
    larger,
    issue({ key: other }),
    issue({ id: 'd'.repeat(16) }),
  ] as const;
  const random = fc.sample(fc.nat(), { numRuns: count, seed: 2_026 });
  for (let turn = 0; turn < count; turn += 1) {
    const number = random[turn] ?? 0;
    const [a, b] = [parts[number % 4], parts[(number >> 2) % 4]];
    if (a === undefined || b === undefined) continue;
    const { payload } = a;
    switch (turn % 6) {
      case 0: // One value made better.
        yield certificateText({
          ...a,
          payload: {
            ...payload,
            capacity: { ...payload.capacity, listeners: 60_001 + number },
          },
        });
        break;
      case 1: // Somebody else's signature or key.
        if (a !== b)
          yield certificateText({ ...a, signature: b.signature, publicKey: b.publicKey });
        break;
      case 2: // Signed again, with a key of one's own under the server's name.
        yield certificateText({
          payload: { ...payload, expiresAtMs: payload.expiresAtMs + 1 + number },
          publicKey: number % 2 === 0 ? key.publicKey : other.publicKey,
          signature: other.sign('certificate', canonicalJson(payload)),
        });
        break;
      case 3: // Cut.
        yield text.slice(0, number % (text.length - 1));
        break;
      case 4: {
        // Two certificates, one behind the other's cut.
        const at = number % (text.length - 1);
        const spliced = text.slice(0, at) + certificateText(larger).slice(at);
        if (spliced !== text && spliced !== certificateText(larger)) yield spliced;
        break;
      }
      default: {
        // A signature with one letter changed.
        const at = number % a.signature.length;
        const letter = a.signature[at] === 'A' ? 'B' : 'A';
        const signature = a.signature.slice(0, at) + letter + a.signature.slice(at + 1);
        yield certificateText({ ...a, signature });
      }
    }
  }
}
