import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FAST_HEAD_BYTES_MAX,
  parseLiveQuery,
  parseLiveRequest,
  parseWaitingRequest,
} from './live-request.ts';
import { sessionAt } from './sessions.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const query = (text: string) => parseLiveQuery(bytes(text), 0, text.length);
const request = (line: string, header = 'Host: a\r\n'): Buffer => bytes(`${line}\r\n${header}\r\n`);

const sessionOf = (text: string) => sessionAt(bytes(text), 0, text.length);

describe('the fast path takes', () => {
  const plain = {
    headOnly: false,
    spaceId: 'evening',
    from: null,
    profile: null,
    rendition: null,
    pass: null,
    link: null,
    session: null,
    kept: true,
  };
  test.each([
    ['GET /live/evening HTTP/1.1', plain],
    ['HEAD /live/evening HTTP/1.1', { ...plain, headOnly: true }],
    ['GET /live/evening? HTTP/1.1', plain],
    ['GET /live/evening?from=0 HTTP/1.1', { ...plain, from: 0 }],
    ['GET /live/evening?profile=near&from=42 HTTP/1.1', { ...plain, from: 42, profile: 'near' }],
    ['GET /live/evening?pass=Ab_- HTTP/1.1', { ...plain, link: 'Ab_-' }],
    ['GET /live/evening?from=42&return=Ab_- HTTP/1.1', { ...plain, from: 42, pass: 'Ab_-' }],
    ['GET /live/evening?codec=opus&x HTTP/1.1', plain],
    [
      'GET /live/evening?profile=far&rendition=voice24 HTTP/1.1',
      { ...plain, profile: 'far', rendition: 'voice24' },
    ],
    ['GET /live/evening?rendition=other HTTP/1.1', plain],
  ])('%s', (line, expected) => {
    expect(parseLiveRequest(request(line))).toEqual(expected);
  });

  test('the header of a browser', () => {
    const header =
      'Host: live.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n' +
      'Accept-Language: fr,en;q=0.5\r\nReferer: https://live.example.org/evening\r\nCookie: a=b; c="d"\r\n' +
      'Sec-Fetch-Mode: cors\r\nConnection: keep-alive\r\n';
    expect(parseLiveRequest(request('GET /live/evening HTTP/1.1', header))).not.toBeNull();
  });
});

test('a client that says of its connection anything but keep-alive is not kept', () => {
  const kept = (header: string) =>
    parseLiveRequest(request('GET /live/evening HTTP/1.1', `Host: a\r\n${header}`))?.kept;
  expect(kept('Connection: keep-alive\r\n')).toBe(true);
  expect(kept('connection: close\r\n')).toBe(false);
  expect(kept('Connection: keep-alive, x\r\n')).toBe(false);
});

test('what stands behind the packet is not read', () => {
  const packet = request('GET /live/evening HTTP/1.1');
  const slot = Buffer.concat([packet, bytes('Connection: close\r\n\r\n')]);
  expect(parseLiveRequest(slot, packet.length)).toEqual(parseLiveRequest(packet));
  expect(parseLiveRequest(slot, packet.length - 2)).toBeNull();
  const question = request('GET /gate/evening HTTP/1.1');
  expect(parseWaitingRequest(Buffer.concat([question, packet]), question.length)).toBe('evening');
});

test('each space’s request is its own, whichever was asked for before', () => {
  const spaces = fc.constantFrom('evening', 'morning', 'even', 'evening-2');
  const asks = fc.array(fc.tuple(spaces, fc.constantFrom('GET', 'HEAD'), fc.boolean()));
  fc.assert(
    fc.property(asks, (all) => {
      for (const [spaceId, method, kept] of all) {
        const header = kept ? 'Host: a\r\n' : 'Host: a\r\nConnection: close\r\n';
        const packet = request(`${method} /live/${spaceId} HTTP/1.1`, header);
        const headOnly = method === 'HEAD';
        expect(parseLiveRequest(packet)).toMatchObject({ spaceId, headOnly, kept, from: null });
      }
    }),
  );
  expect(parseLiveRequest(request('GET /live/ HTTP/1.1'))).toBeNull();
});

describe('the fast path leaves to the full parser', () => {
  test.each([
    ['another method', request('POST /live/evening HTTP/1.1')],
    ['another path', request('GET /livestock HTTP/1.1')],
    ['a path below', request('GET /live/evening/x HTTP/1.1')],
    ['a space that cannot be', request('GET /live/Evening HTTP/1.1')],
    ['an escaped space', request('GET /live/even%69ng HTTP/1.1')],
    ['an escape in the query', request('GET /live/evening?from=%31 HTTP/1.1')],
    ['a bad from', request('GET /live/evening?from=x HTTP/1.1')],
    ['from twice', request('GET /live/evening?from=1&from=2 HTTP/1.1')],
    ['an unknown profile', request('GET /live/evening?profile=toString HTTP/1.1')],
    ['HTTP/1.0', request('GET /live/evening HTTP/1.0')],
    ['no host', request('GET /live/evening HTTP/1.1', 'Accept: */*\r\n')],
    ['two hosts', request('GET /live/evening HTTP/1.1', 'Host: a\r\nhost: b\r\n')],
    ['a body', request('GET /live/evening HTTP/1.1', 'Host: a\r\nContent-Length: 3\r\n')],
    ['chunks', request('GET /live/evening HTTP/1.1', 'Host: a\r\ntransfer-Encoding: chunked\r\n')],
    ['an upgrade', request('GET /live/evening HTTP/1.1', 'Host: a\r\nUpgrade: websocket\r\n')],
    ['a folded line', request('GET /live/evening HTTP/1.1', 'Host: a\r\n b\r\n')],
    ['a space before the colon', request('GET /live/evening HTTP/1.1', 'Host : a\r\n')],
    ['a bare line feed', request('GET /live/evening HTTP/1.1', 'Host: a\nX: b\r\n')],
    ['a nul', request('GET /live/evening HTTP/1.1', 'Host: a\0\r\n')],
    ['half a request', bytes('GET /live/evening HTTP/1.1\r\nHost: a\r\n')],
    [
      'two requests',
      Buffer.concat([request('GET /live/evening HTTP/1.1'), request('GET /live/evening HTTP/1.1')]),
    ],
    [
      'a long header',
      request('GET /live/evening HTTP/1.1', `Host: a\r\nX: ${'y'.repeat(FAST_HEAD_BYTES_MAX)}\r\n`),
    ],
    ['many lines', request('GET /live/evening HTTP/1.1', `Host: a\r\n${'x: y\r\n'.repeat(100)}`)],
    ['nothing', bytes('')],
  ])('%s', (_name, packet) => {
    expect(parseLiveRequest(packet)).toBeNull();
  });
});

/** A request that is right, and what it asks for. */
const wellFormed = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD'),
    spaceId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{2,63}$/),
    from: fc.option(fc.nat({ max: 2 ** 31 - 1 })),
    profile: fc.option(fc.constantFrom('near' as const, 'steady' as const, 'far' as const)),
    session: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{16,43}\.\d{1,9}$/)),
    fields: fc.array(
      fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,10}$/), fc.stringMatching(/^[ -~]{0,20}$/)),
      { maxLength: 8 },
    ),
  })
  .map(({ method, spaceId, from, profile, session, fields }) => {
    const parameters = [
      from === null ? [] : [`from=${from}`],
      profile === null ? [] : [`profile=${profile}`],
      session === null ? [] : [`session=${session}`],
    ]
      .flat()
      .join('&');
    const header = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const packet = bytes(
      `${method} /live/${spaceId}${parameters === '' ? '' : `?${parameters}`} HTTP/1.1\r\n${header}Host: x\r\n\r\n`,
    );
    const expected = {
      headOnly: method === 'HEAD',
      spaceId,
      from,
      profile,
      rendition: null,
      pass: null,
      link: null,
      session: session === null ? null : sessionOf(session),
      kept: true,
    };
    return { packet, expected };
  });

test('every well-formed request is understood', () => {
  fc.assert(
    fc.property(wellFormed, ({ packet, expected }) => {
      expect(parseLiveRequest(packet)).toEqual(expected);
    }),
  );
});

test('no part of a request is taken for a request', () => {
  fc.assert(
    fc.property(wellFormed, fc.nat(), ({ packet }, cut) => {
      expect(parseLiveRequest(packet.subarray(0, cut % packet.length))).toBeNull();
    }),
  );
});

test('whatever comes, it answers a request or null, and reads nothing beyond the packet', () => {
  const noise = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets));
  const damaged = fc
    .tuple(wellFormed, fc.nat(), fc.nat({ max: 255 }))
    .map(([{ packet }, at, byte]) => {
      const copy = Buffer.from(packet);
      copy[at % copy.length] = byte;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(noise, damaged), fc.uint8Array({ maxLength: 40 }), (packet, beyond) => {
      const alone = parseLiveRequest(packet);
      const inBuffer = Buffer.concat([packet, beyond]).subarray(0, packet.length);
      expect(parseLiveRequest(inBuffer)).toEqual(alone);
      if (alone !== null) expect(alone.spaceId).toMatch(/^[a-z0-9][a-z0-9-]{2,63}$/);
    }),
    { numRuns: 1_000 },
  );
});

test('a query says at most one place and one profile, both exact', () => {
  expect(query('from=9007199254740993')).toBeNull();
  expect(query('from=')).toBeNull();
  expect(query('from=-1')).toBeNull();
  expect(query('profile=near&profile=near')).toBeNull();
  for (const bad of [
    '',
    'short.1',
    'a-name-of-sixteen',
    'a-name-of-sixteen.',
    'a-name-of-sixteen.x',
  ])
    expect(query(`session=${bad}`)).toBeNull();
  const nothing = {
    from: null,
    profile: null,
    rendition: null,
    pass: null,
    ticket: null,
    link: null,
    session: null,
  };
  expect(query('fromage=1')).toEqual(nothing);
  expect(query('ticket=Ab_-')).toEqual({ ...nothing, ticket: 'Ab_-' });
  // A ticket has to be asked about: not on the fast path.
  expect(parseLiveRequest(request('GET /live/evening?ticket=Ab_- HTTP/1.1'))).toBeNull();
});

describe('the document of those who wait', () => {
  const browser =
    'Host: live.example.org\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n' +
    'Accept: */*\r\nOrigin: https://example.org\r\nSec-Fetch-Mode: cors\r\nReferer: https://example.org/\r\n' +
    'Accept-Encoding: gzip, deflate, br\r\nAccept-Language: fr,en;q=0.5\r\n';

  test.each([
    ['GET /gate/evening HTTP/1.1', 'Host: a\r\n'],
    ['GET /gate/evening HTTP/1.1', browser],
    ['GET /gate/evening HTTP/1.1', 'host: a\r\nconnection:Keep-Alive\r\n'],
  ])('%s is asked for', (line, header) => {
    expect(parseWaitingRequest(request(line, header))).toBe('evening');
    expect(parseLiveRequest(request(line, header))).toBeNull();
  });

  test.each([
    [
      'a connection that is to be closed',
      request('GET /gate/evening HTTP/1.1', 'Host: a\r\nConnection: close\r\n'),
    ],
    [
      'options of a connection',
      request('GET /gate/evening HTTP/1.1', 'Host: a\r\nConnection: keep-alive, x\r\n'),
    ],
    ['another method', request('HEAD /gate/evening HTTP/1.1')],
    ['a query', request('GET /gate/evening?x HTTP/1.1')],
    ['a path below', request('GET /gate/evening/tickets HTTP/1.1')],
    ['a space that cannot be', request('GET /gate/Evening HTTP/1.1')],
    ['no space', request('GET /gate/ HTTP/1.1')],
    ['an escape', request('GET /gate/even%69ng HTTP/1.1')],
    ['HTTP/1.0', request('GET /gate/evening HTTP/1.0')],
    ['no host', request('GET /gate/evening HTTP/1.1', 'Accept: */*\r\n')],
    ['a body', request('GET /gate/evening HTTP/1.1', 'Host: a\r\nContent-Length: 3\r\n')],
    ['an upgrade', request('GET /gate/evening HTTP/1.1', 'Host: a\r\nUpgrade: h2c\r\n')],
    [
      'two requests',
      Buffer.concat([request('GET /gate/evening HTTP/1.1'), request('GET /gate/evening HTTP/1.1')]),
    ],
    [
      'a long header',
      request('GET /gate/evening HTTP/1.1', `Host: a\r\nX: ${'y'.repeat(FAST_HEAD_BYTES_MAX)}\r\n`),
    ],
  ])('%s goes to the full parser', (_name, packet) => {
    expect(parseWaitingRequest(packet)).toBeNull();
  });

  const asked = fc
    .record({
      spaceId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{2,63}$/),
      fields: fc.array(
        fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,10}$/), fc.stringMatching(/^[ -~]{0,20}$/)),
        { maxLength: 8 },
      ),
    })
    .map(({ spaceId, fields }) => {
      const header = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      return { spaceId, packet: request(`GET /gate/${spaceId} HTTP/1.1`, `${header}Host: x\r\n`) };
    });

  test('every well-formed request is understood, and no part of one', () => {
    fc.assert(
      fc.property(asked, fc.nat(), ({ spaceId, packet }, cut) => {
        expect(parseWaitingRequest(packet)).toBe(spaceId);
        expect(parseWaitingRequest(packet.subarray(0, cut % packet.length))).toBeNull();
      }),
    );
  });

  test('whatever comes, it answers a space or null, and reads nothing beyond the packet', () => {
    const damaged = fc
      .tuple(asked, fc.nat(), fc.nat({ max: 255 }))
      .map(([{ packet }, at, byte]) => {
        const copy = Buffer.from(packet);
        copy[at % copy.length] = byte;
        return copy;
      });
    const noise = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(fc.oneof(noise, damaged), fc.uint8Array({ maxLength: 40 }), (packet, beyond) => {
        const alone = parseWaitingRequest(packet);
        const inBuffer = Buffer.concat([packet, beyond]).subarray(0, packet.length);
        expect(parseWaitingRequest(inBuffer)).toBe(alone);
        if (alone !== null) expect(alone).toMatch(/^[a-z0-9][a-z0-9-]{2,63}$/);
      }),
      { numRuns: 1_000 },
    );
  });
});
