/**
 * Bad input at every door while a programme is live: each is answered with the catalogue's code and words,
 * nobody's listening is touched, and the stage has nobody on it who should not be there.
 */
import { connect } from 'node:net';
import { ERRORS, type ErrorBody, type ErrorCode, type FromStage } from '@parterre/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';
import { Tap } from './support/tap.ts';
import { RawConnection, StageTalk } from './support/wire.ts';

const SPACE = 'evening';

/** Offers that are no offers of a voice. */
const BAD_OFFERS: Readonly<Record<string, string>> = {
  empty: '',
  'not SDP': 'nonsense',
  'null bytes': '\0'.repeat(500),
  'no media': 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n',
  'video alone':
    'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\n',
  'sound without keys':
    'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n',
  'another codec':
    'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:0 PCMU/8000\r\n',
};

describe('bad input', () => {
  let server: TestServer;
  let tap: Tap;

  beforeAll(async () => {
    server = await TestServer.start();
    await server.createSpace({ id: SPACE, title: 'An evening' });
    await server.start(SPACE);
    tap = new Tap(() => `${server.url}/live/${SPACE}`);
    await until(() => tap.lastSeq > 0, 'the programme is heard');
  });

  afterAll(async () => {
    await tap?.stop();
    await server?.stop();
  });

  /** The programme has gone on for whoever listens, on the connection they had. */
  async function nothingLost(): Promise<void> {
    const seq = tap.lastSeq;
    await until(() => tap.lastSeq > seq + 2, 'the programme goes on');
    expect(tap.connections).toBe(1);
    expect(tap.jumps).toEqual([]);
    expect(tap.faults).toEqual([]);
  }

  async function pass(name: string): Promise<string> {
    const path = `/api/spaces/${SPACE}/pass`;
    return (await server.call<{ pass: string }>('POST', path, { name })).pass;
  }

  async function guestPass(name: string): Promise<string> {
    const link = await server.invite(SPACE, 'speaker', name);
    const invite = new URL(link).hash.slice(1);
    const path = `/api/spaces/${SPACE}/pass`;
    return (await server.call<{ pass: string }>('POST', path, { name, invite })).pass;
  }

  async function whip(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    const authorization = `Bearer ${await guestPass('Program')}`;
    return fetch(`${server.url}/whip/${SPACE}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/sdp', ...headers },
      body,
    });
  }

  /** A talk whose person has a seat and was offered a connection. */
  async function seated(name: string): Promise<StageTalk> {
    const talk = await new StageTalk(server.url, SPACE, await guestPass(name)).open();
    talk.join(name, name.toLowerCase());
    await talk.hear('offer');
    return talk;
  }

  for (const [what, sdp] of Object.entries(BAD_OFFERS)) {
    test(`WHIP refuses an offer that cannot be used: ${what}`, async () => {
      await refused(await whip(sdp), 'sdp_invalid');
    });
  }

  test('WHIP refuses strangers, other types and what is too large; nobody is left on stage', async () => {
    await refused(await whip('v=0', { authorization: 'Bearer wrong' }), 'pass_invalid');
    await refused(await whip('v=0', { 'content-type': 'text/plain' }), 'unsupported_media_type');
    await refused(await whip('a'.repeat(70_000)), 'too_large');
    const talk = await seated('Witness');
    const { seats } = await talk.hear('roster');
    expect(seats.map(({ name }) => name)).toEqual(['Witness']);
    talk.say({ type: 'leave' });
    await until(() => talk.closed !== null, 'the witness has left');
    await nothingLost();
  });

  test('signalling refuses an answer that cannot be used, and the conversation goes on', async () => {
    const talk = await seated('Answers');
    const { offerId } = await talk.hear('offer');
    const answers = [...Object.values(BAD_OFFERS), 'v=0\r\n'.repeat(5_000)];
    for (const sdp of answers) {
      const before = talk.heard.length;
      talk.say({ type: 'answer', offerId, sdp });
      await until(() => talk.heard.slice(before).some(isRefusal), 'the answer is refused');
      const refusal = talk.heard.slice(before).find(isRefusal)!;
      expect(refusal).toMatchObject({ code: 'sdp_invalid', final: false });
      expect(refusal.message).toContain(ERRORS.sdp_invalid.message);
    }
    talk.say({ type: 'ping', t: 7 });
    expect((await talk.hear('pong')).t).toBe(7);
    talk.say({ type: 'leave' });
    await nothingLost();
  });

  test('signalling ends conversations that are none, each with its reason', async () => {
    const words: readonly (string | Uint8Array<ArrayBuffer>)[] = [
      'nonsense',
      '[]',
      'null',
      '{"type":"join"}',
      '{"type":"no-such-type"}',
      '{"type":"mute","muted":true}',
      new Uint8Array([0, 255, 1]),
    ];
    for (const word of words) {
      const talk = await new StageTalk(server.url, SPACE, await pass('Ada')).open();
      talk.say(word);
      expect(await talk.hear('error')).toMatchObject({ code: 'bad_request', final: true });
      await until(() => talk.closed !== null, 'the stage hangs up');
    }
    const large = await seated('Large');
    large.say(JSON.stringify({ type: 'answer', offerId: 1, sdp: 'a'.repeat(70_000) }));
    await until(() => large.closed !== null, 'the stage hangs up');
    expect(large.closed).toBe(1009); // message too big (RFC 6455 §7.4.1)
    await nothingLost();
  });

  test('signalling ends a flood of messages, and bounds the sockets of a space', async () => {
    const flood = await seated('Flood');
    for (let sent = 0; sent < 500 && flood.isOpen; sent += 1) flood.say({ type: 'ping', t: sent });
    expect(await flood.hear('error')).toMatchObject({ code: 'too_many_requests' });
    await until(() => flood.closed !== null, 'the stage hangs up');

    const token = await pass('Ada');
    const crowd = Array.from({ length: 80 }, () => new StageTalk(server.url, SPACE, token));
    for (const talk of crowd) await talk.open();
    expect(crowd.filter((talk) => talk.isOpen).length).toBeLessThan(80);
    for (const talk of crowd) talk.close();
    await until(() => crowd.every((talk) => talk.closed !== null), 'the crowd has gone');
    await until(async () => {
      const talk = await new StageTalk(server.url, SPACE, token).open();
      const isOpen = talk.isOpen;
      talk.close();
      return isOpen;
    }, 'there is room again');
    await nothingLost();
  });

  test('signalling wants a pass of this space, and a join in time', async () => {
    const stranger = await new StageTalk(server.url, SPACE, 'wrong').open();
    stranger.join('Eve', 'eve');
    expect(await stranger.hear('error')).toMatchObject({ code: 'pass_invalid', final: true });
    const elsewhere = await new StageTalk(server.url, 'another', await pass('Ada')).open();
    elsewhere.join('Ada', 'ada');
    expect(await elsewhere.hear('error')).toMatchObject({ code: 'pass_invalid', final: true });
    const silent = await new StageTalk(server.url, SPACE, await pass('Ada')).open();
    expect(await silent.hear('error')).toMatchObject({ code: 'bad_request', final: true });
  });

  test('the api names what is wrong with a request', async () => {
    const large = JSON.stringify({ title: 'a'.repeat(100_000) });
    for (const size of [1, 4])
      await refused(await post('/api/spaces', large.repeat(size)), 'too_large');
    await refused(await post('/api/spaces', '{"title":'), 'bad_request');
    await refused(await post('/api/spaces', '{"title":""}'), 'bad_request');
    await refused(await post('/api/spaces', '{"title":"A","colour":"red"}'), 'bad_request');
    await refused(await post('/api/spaces', 'A', 'text/plain'), 'unsupported_media_type');
    await refused(
      await server.fetch('/api/spaces', { method: 'POST', body: { title: 'Again', id: SPACE } }),
      'space_exists',
    );
    await refused(await fetch(`${server.url}/api/spaces`), 'not_signed_in');
    await refused(
      await server.fetch('/api/invites/open', { method: 'POST', body: { token: 'wrong' } }),
      'unknown_invite',
    );
    await nothingLost();
  });

  /** Chunked, so that only what really comes tells how large it is. */
  function post(path: string, text: string, type = 'application/json'): Promise<Response> {
    const body = new Blob([text]).stream();
    const headers = { 'content-type': type, origin: server.url, cookie: server.cookie };
    const options = { method: 'POST', headers, body, duplex: 'half' };
    return fetch(`${server.url}${path}`, options as RequestInit);
  }

  test('an unknown space is a plain answer in every lane', async () => {
    const paths = [
      '/live/nowhere',
      '/live/nowhere?from=7',
      '/radio/nowhere.ogg',
      '/spaces/nowhere.json',
      '/spaces/nowhere/replay.mp4',
      '/spaces/nowhere/replay.json',
    ];
    for (const path of paths) await refused(await fetch(server.url + path), 'unknown_space');
    await refused(await server.fetch('/api/spaces/nowhere'), 'unknown_space');
    await refused(
      await server.fetch('/api/spaces/nowhere/start', { method: 'POST', body: {} }),
      'unknown_space',
    );
    expect((await fetch(`${server.url}/nowhere`)).headers.get('content-type')).toMatch(/^text/);
  });

  test('garbage on the public port is answered or closed, and nobody who listens notices', async () => {
    const host = 'Host: x\r\n';
    const live = `GET /live/${SPACE} HTTP/1.1\r\n${host}`;
    const missing = `GET /live/nowhere HTTP/1.1\r\n${host}\r\n`;
    const answered: readonly (readonly [string, RegExp])[] = [
      ['\0\0\0\0\r\n\r\n', /^HTTP\/1\.1 400 /],
      [`${live}X: ${'a'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, /^HTTP\/1\.1 4(14|31) /],
      [`${live}X: a\0b\r\n\r\n`, /^HTTP\/1\.1 400 /],
      [`GET /live/${SPACE}\0 HTTP/1.1\r\n${host}\r\n`, /^HTTP\/1\.1 40[04] /],
      [`GET /live/../${SPACE} HTTP/1.1\r\n${host}\r\n`, /^HTTP\/1\.1 404 /],
      [`GET /live/${SPACE} HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 400 /],
      [`${live}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, /^HTTP\/1\.1 400 /],
      [`BREW /live/${SPACE} HTTP/1.1\r\n${host}\r\n`, /^HTTP\/1\.1 400 /],
      [`POST /live/${SPACE} HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`, /^HTTP\/1\.1 405 /],
      [missing + missing + missing, /^HTTP\/1\.1 404 /],
      ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
    ];
    for (const [bytes, answer] of answered) {
      const connection = new RawConnection(server.url).send(Buffer.from(bytes, 'latin1')).end();
      const what = JSON.stringify(bytes.slice(0, 60));
      await until(() => connection.answer.closed, `the connection closes after ${what}`);
      expect(connection.answer.text, what).toMatch(answer);
      connection.destroy();
    }
    // Requests behind a live one are never read: its answer has no end.
    const pipelined = new RawConnection(server.url).send(`${live}\r\n${missing}`);
    await until(() => pipelined.answer.text.length > 10_000, 'the lane is heard');
    expect(pipelined.answer.text).not.toContain(' 404 ');
    pipelined.destroy();
    for (let cut = 1; cut < live.length; cut += 7) {
      const truncated = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
        truncated.write(live.slice(0, cut));
        truncated.resetAndDestroy();
      });
      truncated.on('error', () => {});
    }
    await nothingLost();
  });

  test('connections that never finish a request are closed', async () => {
    const head = `GET /live/${SPACE} HTTP/1.1\r\nHost: x\r\n`;
    const slow = Array.from({ length: 20 }, () => new RawConnection(server.url));
    const drip = setInterval(() => {
      for (const [index, connection] of slow.entries())
        if (index > 0 && !connection.answer.closed) connection.send('X');
    }, 500);
    for (const [index, connection] of slow.entries()) if (index > 1) connection.send(head);
    try {
      await until(() => slow.every(({ answer }) => answer.closed), 'all are closed');
    } finally {
      clearInterval(drip);
      for (const connection of slow) connection.destroy();
    }
    await nothingLost();
  });
});

function isRefusal(message: FromStage): message is Extract<FromStage, { type: 'error' }> {
  return message.type === 'error';
}

/** The catalogue's answer: status, code, what happened and what to do. */
async function refused(answer: Response, code: ErrorCode): Promise<void> {
  const text = await answer.text();
  expect(text, answer.url).toContain(`"${code}"`);
  const { status, message, remedy } = ERRORS[code];
  expect(answer.status).toBe(status);
  expect((JSON.parse(text) as ErrorBody).error).toMatchObject({ code, message, remedy });
}
