import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERRORS } from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse, ownerCookie, ownerLink } from './api.fixture.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const codeOf = (answer: { json(): unknown }) =>
  (answer.json() as { error: { code: string } }).error.code;

describe('another site', () => {
  const create = (headers: Record<string, string>) =>
    house.ask('POST', '/api/spaces', { body: { title: 'x' }, headers, cookie: ownerCookie() });

  it.each<[string, Record<string, string>]>([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site but not same origin', { 'sec-fetch-site': 'same-site' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['our name on another port', { origin: 'https://live.example.org:8443' }],
    ['a lying origin', { 'sec-fetch-site': 'cross-site', origin: 'https://live.example.org' }],
  ])('changes nothing: %s', async (_what, headers) => {
    const answer = await create(headers);
    expect(answer.statusCode).toBe(403);
    expect(codeOf(answer)).toBe('forbidden');
    expect(await house.store.spaces(9, 0)).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['the own origin', { 'sec-fetch-site': 'same-origin', origin: 'https://live.example.org' }],
    ['an older browser', { origin: 'https://live.example.org' }],
    ['the host that was asked', { origin: 'http://10.0.0.5:8040', host: '10.0.0.5:8040' }],
    ['no browser', {}],
  ])('is told from %s', async (_what, headers) => {
    expect((await create(headers)).statusCode).toBe(201);
  });

  it('cannot sign somebody in, and may look', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    const body = { token: ownerLink('one') };
    expect((await house.ask('POST', '/api/session', { body, headers })).statusCode).toBe(403);
    expect((await house.ask('GET', '/api/me', { headers })).statusCode).toBe(200);
  });
});

describe('bad requests', () => {
  const post = (payload: string, type = 'application/json') =>
    house.ask('POST', '/api/session', { payload, headers: { 'content-type': type } });

  it.each([
    ['{"token":', 'bad_request'],
    ['', 'bad_request'],
    ['null', 'bad_request'],
    ['[]', 'bad_request'],
    ['{"token":"x","__proto__":{"owner":true}}', 'bad_request'],
    ['{"constructor":{"prototype":{}},"token":"x"}', 'bad_request'],
    [`{"token":"${'x'.repeat(70_000)}"}`, 'too_large'],
    [`${'['.repeat(30_000)}`, 'bad_request'],
  ])('%.40s… is %s', async (payload, code) => {
    expect(codeOf(await post(payload))).toBe(code);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'x/;;'])(
    'a body as %s is not read',
    async (type) => {
      const answer = await post('{"token":"x"}', type);
      expect(answer.statusCode).toBe(415);
      expect(codeOf(answer)).toBe('unsupported_media_type');
    },
  );

  it('tells a wrong path from a wrong method', async () => {
    expect(codeOf(await house.ask('GET', '/api/none'))).toBe('unknown_path');
    expect(codeOf(await house.ask('GET', '/'))).toBe('unknown_path');
    const wrong = await house.ask('PUT', '/api/spaces?x=1');
    expect(codeOf(wrong)).toBe('method_not_allowed');
    expect(wrong.statusCode).toBe(405);
    expect(wrong.headers.allow).toBe('GET, HEAD, POST');
    expect((await house.ask('DELETE', '/api/spaces/talk/start')).headers.allow).toBe('POST');
    expect((await house.ask('HEAD', '/api/me')).statusCode).toBe(200);
  });

  it('survives an address that cannot be decoded', async () => {
    expect(codeOf(await house.ask('GET', '/api/spaces/%zz'))).toBe('bad_request');
  });

  it('says no more than a request id when it is our own fault', async () => {
    house.store.space = async () => {
      throw new Error('secret detail of the database');
    };
    const answer = await house.ask('GET', '/api/spaces/talk', {
      headers: { 'x-request-id': 'given-by-edge-1' },
    });
    expect(answer.statusCode).toBe(500);
    expect(answer.headers['x-request-id']).toBe('given-by-edge-1');
    expect(answer.body).toContain('given-by-edge-1');
    expect(answer.body).not.toContain('secret');
    expect(house.log.lines.join()).toContain('secret detail of the database');
  });

  it('takes no request id that could forge a log line', async () => {
    const answer = await house.ask('GET', '/api/me', { headers: { 'x-request-id': 'a b"c' } });
    expect(answer.headers['x-request-id']).toMatch(/^[A-Za-z0-9_-]{16}$/);
  });
});

describe('limits', () => {
  const signIn = (address: string) =>
    house.ask('POST', '/api/session', {
      body: { token: 'x' },
      headers: { 'x-forwarded-for': address },
    });
  const untilRefused = async (address: string): Promise<number> => {
    for (let count = 0; count < 100; count++) {
      const answer = await signIn(address);
      if (answer.statusCode !== 429) continue;
      expect(codeOf(answer)).toBe('too_many_requests');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      return count;
    }
    return Number.POSITIVE_INFINITY;
  };

  it('hold per address, and per /64 of IPv6', async () => {
    expect(await untilRefused('192.0.2.1')).toBe(30);
    expect((await signIn('192.0.2.2')).statusCode).toBe(401);
    expect(await untilRefused('2001:db8:1:2::1')).toBe(30);
    expect((await signIn('2001:db8:1:2:ffff::9')).statusCode).toBe(429);
    expect((await signIn('2001:db8:1:3::1')).statusCode).toBe(401);
  });

  it('believe the edge about the address, not the client', async () => {
    expect(await untilRefused('192.0.2.1')).toBe(30);
    expect((await signIn('198.51.100.1, 192.0.2.1')).statusCode).toBe(429);
  });

  it('believe one proxy more where one stands before the edge', async () => {
    const behind = await openHouse({ proxyHops: 2 });
    const ask = (addresses: string) =>
      behind.ask('GET', '/metrics', {
        headers: { 'x-forwarded-for': addresses, host: 'localhost:8040' },
      });
    expect((await ask('127.0.0.1')).statusCode).toBe(200);
    expect((await ask('192.0.2.1, 127.0.0.1')).statusCode).toBe(403);
    expect((await ask('127.0.0.1, 192.0.2.1, 127.0.0.1')).statusCode).toBe(403);
    await behind.close();
  });
});

describe('metrics', () => {
  const ask = (headers: Record<string, string>, cookie?: string) =>
    house.ask('GET', '/metrics', { headers, ...(cookie === undefined ? {} : { cookie }) });
  const local = { 'x-forwarded-for': '127.0.0.1', host: 'localhost:8040' };

  it('are for this machine and for the owner', async () => {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      const answer = await ask({ ...local, 'x-forwarded-for': address });
      expect(answer.body).toBe('collected 1\n');
      expect(answer.headers['content-type']).toContain('version=0.0.4');
    }
    expect((await ask({}, ownerCookie())).statusCode).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['elsewhere', { ...local, 'x-forwarded-for': '192.0.2.7' }],
    ['a proxy here that says so', { ...local, 'x-real-ip': '192.0.2.7' }],
    ['a proxy here that keeps the name', { ...local, host: 'live.example.org' }],
  ])('are not for %s', async (_who, headers) => {
    expect(codeOf(await ask(headers))).toBe('forbidden');
  });

  it('count requests by route, never by address', async () => {
    const { metrics } = await counted();
    expect(metrics).toContain('route="/api/spaces/:id",status="404"} 1');
    expect(metrics).not.toContain('some-space');
  });

  async function counted(): Promise<{ metrics: string }> {
    const { Registry } = await import('prom-client');
    const registry = new Registry();
    const own = await openHouse({ metrics: registry });
    await own.ask('GET', '/api/spaces/some-space?secret=1');
    const metrics = await registry.metrics();
    expect(own.log.lines.join()).not.toMatch(/secret=1|192\.0\.2/);
    await own.close();
    return { metrics };
  }
});

describe('the OpenAPI document', () => {
  it('describes every route, with names for what is shared', async () => {
    const document = (await house.ask('GET', '/api/openapi.json')).json() as {
      openapi: string;
      paths: Record<string, Record<string, { operationId?: string; responses: object }>>;
      components: { schemas: Record<string, object> };
    };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${method} ${path} ${operationId}`,
      ),
    );
    expect(operations.sort()).toEqual([
      'delete /api/rehearsals/permits/{id} revokePermit',
      'delete /api/session signOut',
      'delete /api/spaces/{id} removeSpace',
      'delete /api/spaces/{id}/clip removeClip',
      'delete /api/spaces/{id}/invites/{inviteId} withdrawInvite',
      'get /api/certificates listCertificates',
      'get /api/certificates/current currentCapacity',
      'get /api/certificates/{id} getCertificate',
      'get /api/certificates/{id}/report certificateReport',
      'get /api/me me',
      'get /api/rehearsals/permits/{id} permitStanding',
      'get /api/server describeServer',
      'get /api/spaces listSpaces',
      'get /api/spaces/{id} getSpace',
      'get /api/spaces/{id}/checklist spaceChecklist',
      'get /api/spaces/{id}/clip getClip',
      'get /api/spaces/{id}/groups listGroups',
      'get /api/spaces/{id}/invites listInvites',
      'patch /api/spaces/{id} changeSpace',
      'post /api/invites/open openInvite',
      'post /api/rehearsals certify',
      'post /api/session signIn',
      'post /api/spaces createSpace',
      'post /api/spaces/{id}/doors doorsSpace',
      'post /api/spaces/{id}/end endSpace',
      'post /api/spaces/{id}/invites createInvite',
      'post /api/spaces/{id}/pass requestPass',
      'post /api/spaces/{id}/relaunch relaunchSpace',
      'post /api/spaces/{id}/start startSpace',
      'put /api/spaces/{id}/clip keepClip',
      'put /api/spaces/{id}/clip/draft bringClip',
      'put /api/spaces/{id}/groups writeGroups',
    ]);
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(30);
    for (const name of references) {
      expect(document.components.schemas).toHaveProperty(
        (name ?? '').replace('#/components/schemas/', ''),
      );
    }
    const rest = readFileSync(new URL('../../../../docs/api/rest.md', import.meta.url), 'utf8');
    for (const operation of operations) {
      const [method = '', path = ''] = operation.split(' ');
      expect(rest).toContain(`${method.toUpperCase()} ${path}`);
    }
  });
});

describe('on a real socket', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parterre-api-'));
    path = join(folder, 'api.sock');
    await house.api.listen({ path });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Sends bytes as they are. @returns all that comes back until the end */
  function raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(path, () => socket.end(text));
      socket.setEncoding('utf8').on('data', (part) => {
        answer += part;
      });
      socket.on('error', reject).on('end', () => resolve(answer));
    });
  }

  function get(url: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      httpRequest({ socketPath: path, path: url, headers: { host: 'localhost' } }, (response) => {
        response.resume();
        resolve(response);
      })
        .on('error', reject)
        .end();
    });
  }

  it('answers who asks without an edge between', async () => {
    expect((await get('/metrics')).statusCode).toBe(200);
    expect((await get('/api/spaces')).statusCode).toBe(401);
  });

  it.each([
    [
      'headers without end',
      `GET / HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`,
      'headers_too_large',
    ],
    ['what is no HTTP', 'hello\r\n\r\n', 'bad_request'],
  ] as const)('answers %s by the catalogue', async (_what, text, code) => {
    const answer = await raw(text);
    expect(answer).toContain(`HTTP/1.1 ${ERRORS[code].status}`);
    expect(answer).toContain(`"code":"${code}"`);
  });

  it('finishes what has begun before it closes', async () => {
    let proceed = () => {};
    const reached = new Promise<void>((resolve) => {
      house.store.space = async () => {
        resolve();
        await new Promise<void>((done) => {
          proceed = done;
        });
        return null;
      };
    });
    const answer = get('/api/spaces/talk');
    await reached;
    const closed = house.api.close();
    proceed();
    expect((await answer).statusCode).toBe(404);
    await closed;
  });
});
