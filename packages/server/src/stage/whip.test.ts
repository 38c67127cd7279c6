/** WHIP (RFC 9725) spoken by another implementation of WebRTC. */
import { type IncomingHttpHeaders, request } from 'node:http';
import wrtc from '@roamhq/wrtc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse, passFor, until } from './stage.fixture.ts';

const RATE_HZ = 48_000;
const SDP = 'application/sdp';
let house: House;
let program: InstanceType<typeof wrtc.RTCPeerConnection>;
beforeEach(async () => {
  house = await openHouse();
  program = new wrtc.RTCPeerConnection();
});
afterEach(async () => {
  program.close();
  await house.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(method: string, path: string, headers: object, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { socketPath } = house;
    const asked = request({ socketPath, method, path, headers: { ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const bearer = (person = 'obs') => ({
  authorization: `Bearer ${passFor('talk', person, 'speaker')}`,
});

async function offer(): Promise<{
  sdp: string;
  source: InstanceType<typeof wrtc.nonstandard.RTCAudioSource>;
}> {
  const source = new wrtc.nonstandard.RTCAudioSource();
  program.addTransceiver(source.createTrack(), { direction: 'sendonly' });
  program.addTransceiver('video', { direction: 'sendonly' });
  await program.setLocalDescription(await program.createOffer());
  await until(() => program.iceGatheringState === 'complete', 'candidates are gathered');
  return { sdp: program.localDescription!.sdp, source };
}

describe('WHIP', () => {
  it('takes another program in as a seat on air, and lets it go', async () => {
    const { sdp, source } = await offer();
    const made = await ask('POST', '/whip/talk', { ...bearer(), 'content-type': SDP }, sdp);
    expect(made.status).toBe(201);
    expect(made.headers['content-type']).toBe(SDP);
    expect(made.headers.location).toMatch(/^\/whip\/talk\/[\w-]{22}$/);
    expect(made.headers.etag).toMatch(/^"[\w-]+"$/);
    expect(made.body).toMatch(/^m=video 0 /m);
    await program.setRemoteDescription({ type: 'answer', sdp: made.body });
    const samples = new Int16Array(RATE_HZ / 100);
    const tone = setInterval(() => {
      for (const at of samples.keys()) samples[at] = 8_000 * Math.sin(at * 0.0576);
      source.onData({ samples, sampleRate: RATE_HZ });
    }, 10);
    try {
      const { programme } = house;
      await until(() => programme.frames.length > 50, 'frames of the program');
      expect(programme.rosters.get('talk')).toMatchObject([
        { name: 'obs', role: 'speaker', onAir: true, muted: false },
      ]);
      const { location = '', etag = '' } = made.headers;
      const change = { ...bearer(), 'content-type': 'application/trickle-ice-sdpfrag' };
      const fragment = 'a=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n';
      const patched = (match: object) => ask('PATCH', location, { ...change, ...match }, fragment);
      expect((await patched({ 'if-match': etag })).status).toBe(204);
      expect((await patched({})).status).toBe(428);
      expect((await patched({ 'if-match': '"other"' })).status).toBe(412);
      expect((await patched({ 'if-match': '*' })).status).toBe(422);
      expect((await ask('DELETE', location, bearer('eve'))).status).toBe(404);
      expect((await ask('DELETE', location, bearer())).status).toBe(200);
      expect(programme.rosters.get('talk')).toEqual([]);
      expect((await ask('DELETE', location, bearer())).status).toBe(404);
      expect(house.peers.open).toBe(0);
    } finally {
      clearInterval(tone);
    }
  });

  it('keeps one session and one connection of a person, however often they begin', async () => {
    const { sdp } = await offer();
    const begin = () => ask('POST', '/whip/talk', { ...bearer(), 'content-type': SDP }, sdp);
    const made = await Promise.all([begin(), begin(), begin(), begin()]);
    const last = await begin();
    expect(last.status).toBe(201);
    await until(() => house.peers.open === 1, 'the older connections are closed');
    for (const { status, headers } of made) {
      if (status !== 201) expect(status).toBe(409);
      else expect((await ask('DELETE', headers.location!, bearer())).status).toBe(404);
    }
    expect(house.programme.rosters.get('talk')).toHaveLength(1);
    expect((await ask('DELETE', last.headers.location!, bearer())).status).toBe(200);
    expect(house.programme.rosters.get('talk')).toEqual([]);
    await until(() => house.peers.open === 0, 'all connections are closed');
  });

  it('answers what it cannot use with the reason', async () => {
    const type = { 'content-type': SDP };
    const code = async (...args: Parameters<typeof ask>) => {
      const { status, body } = await ask(...args);
      return [status, (JSON.parse(body) as { error: { code: string } }).error.code];
    };
    expect(await code('POST', '/whip/talk', type, 'v=0')).toEqual([401, 'pass_invalid']);
    expect(await code('POST', '/whip/talk', { ...bearer(), ...type }, 'v=0')).toEqual([
      422,
      'sdp_invalid',
    ]);
    expect(await code('POST', '/whip/talk', bearer(), 'v=0')).toEqual([
      415,
      'unsupported_media_type',
    ]);
    const large = 'x'.repeat(70_000);
    expect(await code('POST', '/whip/talk', { ...bearer(), ...type }, large)).toEqual([
      413,
      'too_large',
    ]);
    expect(await code('GET', '/whip/talk', bearer())).toEqual([405, 'method_not_allowed']);
    expect(await code('POST', '/whip/NO', bearer())).toEqual([404, 'unknown_path']);
    const options = await ask('OPTIONS', '/whip/talk', {});
    expect(options.status).toBe(204);
    expect(options.headers['accept-post']).toBe(SDP);
    expect(house.programme.rosters.get('talk') ?? []).toEqual([]);
  });
});
