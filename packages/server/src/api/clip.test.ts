import type { Checklist } from '@parterre/protocol/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, NOW_MS, openHouse, ownerCookie } from './api.fixture.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
  await house.asOwner('POST', '/api/spaces', { title: 'Talk', startsAtMs: NOW_MS + 3_600_000 });
});
afterEach(() => house.close());

const CLIP = '/api/spaces/talk/clip';
const PIECE = 100_000;

function tone(seconds: number): Buffer {
  const pcm = Int16Array.from({ length: seconds * 48_000 }, (_, i) => 5_000 * Math.sin(i / 9));
  return Buffer.from(pcm.buffer);
}

async function bring(bytes: Buffer, at: number) {
  return house.api.inject({
    method: 'PUT',
    url: `${CLIP}/draft?at=${at}`,
    headers: {
      'content-type': 'application/octet-stream',
      cookie: `parterre_owner=${ownerCookie(NOW_MS + 3_600_000)}`,
    },
    payload: bytes,
  });
}

async function bringAll(bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE)
    expect((await bring(bytes.subarray(at, at + PIECE), at)).statusCode).toBe(204);
}

const keep = () => house.asOwner('PUT', CLIP, { name: 'intro.mp3' });
const kept = async () => (await house.asOwner('GET', CLIP)).json();
const point = async () =>
  ((await house.asOwner('GET', '/api/spaces/talk/checklist')).json() as Checklist).points.find(
    ({ id }) => id === 'clip',
  );

describe('the clip a space opens with', () => {
  it('[P4] is brought in pieces, kept, told to the programme, and stands on the checklist', async () => {
    expect(await point()).toMatchObject({ verdict: 'good', found: 'none' });
    await bringAll(tone(5));
    expect(await kept()).toEqual({ clip: null });
    const answer = await keep();
    expect(answer.json()).toEqual({ clip: { name: 'intro.mp3', durationMs: 5_000 } });
    expect(await kept()).toEqual(answer.json());
    const [hash] = [...house.clips.clips.get('talk')!.keys()];
    expect(house.programme.spaces.get('talk')).toMatchObject({
      clip: { hash, samples: 240_000, channels: 1 },
    });
    expect(await point()).toMatchObject({ verdict: 'good', found: 'there', figure: 5 });
    await house.asOwner('PATCH', '/api/spaces/talk', { title: 'Talks' });
    expect(house.programme.spaces.get('talk')).toMatchObject({ clip: { hash } });
    house.clips.clips.clear();
    expect(await point()).toMatchObject({ verdict: 'bad', found: 'damaged' });
  });

  it('is replaced as a whole, and taken away', async () => {
    await bringAll(tone(5));
    await keep();
    await bringAll(tone(2));
    expect((await keep()).json()).toEqual({ clip: { name: 'intro.mp3', durationMs: 2_000 } });
    expect(house.clips.clips.get('talk')!.size).toBe(1);
    expect((await house.asOwner('DELETE', CLIP)).statusCode).toBe(204);
    expect(await kept()).toEqual({ clip: null });
    expect(house.programme.spaces.get('talk')).toMatchObject({ clip: null });
    expect(house.clips.clips.size).toBe(0);
  });

  it('may change until the start, and not after', async () => {
    await bringAll(tone(1));
    await keep();
    await bringAll(tone(2));
    await house.asOwner('POST', '/api/spaces/talk/start');
    for (const answer of [
      await keep(),
      await house.asOwner('DELETE', CLIP),
      await bring(tone(1), 0),
    ])
      expect(answer.json()).toMatchObject({ error: { code: 'wrong_state' } });
    expect(await kept()).toEqual({ clip: { name: 'intro.mp3', durationMs: 1_000 } });
    expect(house.clips.clips.get('talk')!.size).toBe(1);
  });

  it('that cannot be used changes nothing and says why', async () => {
    await bringAll(tone(1));
    await keep();
    const before = await kept();
    const bad = async (code: string, answer: { json(): unknown }) => {
      expect(answer.json()).toMatchObject({ error: { code } });
      expect(await kept()).toEqual(before);
      expect(house.clips.clips.get('talk')!.size).toBe(1);
    };
    await bad('bad_request', await keep()); // nothing was brought
    await bring(tone(1), 0);
    await bad('bad_request', await bring(tone(1), 10)); // does not follow
    await bring(Buffer.alloc(9_600), 0);
    await bad('bad_request', await keep()); // silence
    await bring(Buffer.from([1, 2, 3]), 0);
    await bad('bad_request', await keep()); // half a sample
    await bad('too_large', await bring(Buffer.alloc(200_000), 0));
    await bad(
      'unsupported_media_type',
      await house.ask('PUT', `${CLIP}/draft?at=0`, {
        payload: 'x',
        headers: { 'content-type': 'text/plain' },
        cookie: ownerCookie(),
      }),
    );
    const long = Buffer.alloc(PIECE, 1);
    let at = 0;
    for (; at + PIECE <= 120 * 96_000; at += PIECE) await bring(long, at);
    await bad('too_large', await bring(long, at));
    await bring(tone(1), 0);
    house.programme.away = true;
    await bad('part_away', await keep());
  });

  it('is the owner’s and the hosts’ alone', async () => {
    expect((await house.ask('GET', CLIP)).statusCode).toBe(401);
    expect((await house.ask('DELETE', CLIP)).statusCode).toBe(401);
    const body = { name: 'x' };
    expect((await house.ask('PUT', CLIP, { body })).statusCode).toBe(401);
    for (const [role, status] of [
      ['cohost', 200],
      ['speaker', 403],
    ] as const) {
      const made = await house.asOwner('POST', '/api/spaces/talk/invites', { role });
      const token = (made.json() as { path: string }).path.replace('/invite#', '');
      const answer = await house.ask('GET', CLIP, { headers: { 'x-parterre-invite': token } });
      expect(answer.statusCode).toBe(status);
    }
  });

  it('of more than a few spaces at once is asked to come again', async () => {
    for (let each = 0; each < 5; each++)
      await house.asOwner('POST', '/api/spaces', { title: 'Other', id: `other-${each}` });
    const statuses: number[] = [];
    for (let each = 0; each < 5; each++) {
      const url = `/api/spaces/other-${each}/clip/draft?at=0`;
      const headers = {
        'content-type': 'application/octet-stream',
        cookie: `parterre_owner=${ownerCookie(NOW_MS + 3_600_000)}`,
      };
      const payload = tone(1).subarray(0, PIECE);
      statuses.push((await house.api.inject({ method: 'PUT', url, headers, payload })).statusCode);
    }
    expect(statuses).toEqual([204, 204, 204, 204, 429]);
    house.clock.nowMs += 61_000;
    expect((await bring(tone(1).subarray(0, PIECE), 0)).statusCode).toBe(204);
  });
});
