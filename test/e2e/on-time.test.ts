/**
 * The start on a real clock, with nobody present: as it was handed out to those who listen, while the api
 * is killed at T − 1 s, and while a crowd comes at T. And a space that is given up while real browsers
 * listen: the page goes on in the successor, in the same element, without a reload.
 */
import { FragmentReader } from '@parterre/media/fmp4';
import type { ProfileId, PublicSpace, Snapshot } from '@parterre/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, listen, openContext } from './support/browser.ts';
import { VOID_LATE, watchMachine } from './support/control.ts';
import { TestServer, until } from './support/server.ts';

/** What is promised between the announced start and the first sample on air, ms. */
const DRIFT_MS_MAX = 50;
const LEAD_MS = 14_000;
const CROWD = 300;
/** The profile's buffer, with what a busy machine adds to it, ms. */
const EAR_MS_MAX: Readonly<Partial<Record<ProfileId, number>>> = { near: 3_000, steady: 8_000 };
const PROFILES: readonly ProfileId[] = ['near', 'steady'];

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start(['--spaces-max', '16']);
});
afterAll(() => server?.stop());

/** Announced in a zone, as people do; its doors open five seconds before it. */
async function announce(title: string, profile: ProfileId = 'near'): Promise<PublicSpace> {
  const startsAtMs = Date.now() + LEAD_MS;
  const planned = await server.createSpace({ title, profile, startsAtMs, zone: 'Europe/Paris' });
  expect(planned.zone).toBe('Europe/Paris');
  return planned;
}

/** One listener below the level of a player; it keeps the first word that the space is live. */
class Witness {
  readonly jumps: number[] = [];
  liveAtMs: number | null = null;
  /** Clock of the chunk that said it, and when it came. */
  chunkAtMs = 0;
  heardAtMs = 0;
  readonly #abort = new AbortController();

  async attend(url: string): Promise<void> {
    const answer = await this.#admitted(url);
    if (!answer.ok || answer.body === null) throw new Error(`${url} answers ${answer.status}`);
    const reader = new FragmentReader();
    let next: number | null = null;
    try {
      for await (const bytes of answer.body) {
        for (const part of reader.push(bytes)) {
          if (part.kind !== 'fragment') continue;
          if (next !== null && part.seq !== next) this.jumps.push(part.seq);
          next = part.seq + 1;
          if (part.snapshot !== null) this.#read(part.snapshot, part.capturedAtMs);
        }
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  /** As a player does, it asks again when it is told to: an edge may hear of the doors a moment later. */
  async #admitted(url: string): Promise<Response> {
    for (;;) {
      const answer = await fetch(url, { signal: this.#abort.signal });
      const retryS = Number(answer.headers.get('retry-after'));
      if (answer.status !== 503 || retryS === 0) return answer;
      await answer.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, retryS * 1_000));
    }
  }

  #read(bytes: Uint8Array, capturedAtMs: number): void {
    const { state, liveAtMs } = JSON.parse(Buffer.from(bytes).toString()) as Snapshot;
    if (state !== 'live' || this.liveAtMs !== null) return;
    this.liveAtMs = liveAtMs;
    this.chunkAtMs = capturedAtMs;
    this.heardAtMs = Date.now();
  }

  leave(): void {
    this.#abort.abort();
  }
}

/** The first sample on air against T, by what one listener was sent and by what everybody is told. */
async function expectOnTime(planned: PublicSpace, witness: Witness, what: string): Promise<void> {
  await until(() => witness.liveAtMs !== null, `${what} is live`);
  const driftMs = witness.liveAtMs! - planned.startsAtMs!;
  const wireMs = witness.heardAtMs - planned.startsAtMs!;
  console.info(
    `${what}: drift ${driftMs} ms on the programme clock; on the wire after ${wireMs} ms`,
  );
  expect(Math.abs(driftMs)).toBeLessThan(DRIFT_MS_MAX);
  // The clock of the sound itself, not only what is said of it.
  expect(Math.abs(witness.chunkAtMs - planned.startsAtMs!)).toBeLessThan(DRIFT_MS_MAX);
  expect(witness.jumps).toEqual([]);
  await until(async () => (await server.space(planned.id))?.state === 'live', 'everybody is told');
  expect(await server.space(planned.id)).toMatchObject({ startDriftMs: driftMs });
}

async function doorsOf(planned: PublicSpace): Promise<string> {
  await server.call('POST', `/api/spaces/${planned.id}/doors`, {});
  await until(
    async () => (await server.space(planned.id))?.state === 'doors',
    'the doors are open',
  );
  return `${server.url}/live/${planned.id}`;
}

describe('a scheduled start on a real clock', () => {
  test('[P4] is on the second with nobody present, at the ear of each profile later by its buffer', async () => {
    for (const profile of PROFILES) {
      const planned = await announce(`Alone ${profile}`, profile);
      const witness = new Witness();
      const attended = witness.attend(await doorsOf(planned));
      await expectOnTime(planned, witness, `alone, ${profile}`);
      witness.leave();
      await attended;
      await server.end(planned.id);
    }
  });

  test('[P4] is on the second with the api killed at T − 1 s', async () => {
    const planned = await announce('Without the api');
    const witness = new Witness();
    const attended = witness.attend(await doorsOf(planned));
    await until(() => Date.now() >= planned.startsAtMs! - 1_000, 'it is T − 1 s');
    const replaced = server.kill('api');
    await expectOnTime(planned, witness, 'api killed');
    await replaced;
    witness.leave();
    await attended;
    await until(async () => {
      const answer = await server.fetch(`/api/spaces/${planned.id}`);
      return answer.ok && ((await answer.json()) as PublicSpace).state === 'live';
    }, 'the api knows of the start that it missed');
    await server.end(planned.id);
  });

  test('[P1] [P4] is on the second while a crowd comes at T, and who was in hears no gap', async () => {
    const planned = await announce('Crowded');
    const url = await doorsOf(planned);
    const witness = new Witness();
    const attended = witness.attend(url);
    await until(() => Date.now() >= planned.startsAtMs! - 150, 'it is T');
    const crowd = Array.from({ length: CROWD }, () => new Witness());
    const attending = Promise.all(crowd.map((each) => each.attend(url)));
    await expectOnTime(planned, witness, `${CROWD} came at T`);
    await until(() => crowd.every(({ liveAtMs }) => liveAtMs !== null), 'all of them hear it');
    expect(crowd.flatMap(({ jumps }) => jumps)).toEqual([]);
    expect(new Set(crowd.map(({ liveAtMs }) => liveAtMs)).size).toBe(1);
    for (const each of [witness, ...crowd]) each.leave();
    await Promise.all([attended, attending]);
    await server.end(planned.id);
  });
});

describe.skipIf(!hasChromium)('in real Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test.each(PROFILES)('[P4] the page says live when its ear is there: %s', async (profile) => {
    const planned = await announce(`Ear ${profile}`, profile);
    await doorsOf(planned);
    const page = await (await openContext(browser)).newPage();
    await listen(page, `${server.url}/${planned.id}`);
    // The element's time is the programme's, whose zero is the doors.
    const { doorsAtMs } = (await server.space(planned.id))!;
    const earMs = await heardAtMs(page, (planned.startsAtMs! - doorsAtMs) / 1_000);
    const driftMs = Math.round(earMs - planned.startsAtMs!);
    console.info(`${profile}: drift at the ear ${driftMs} ms`);
    expect(driftMs).toBeGreaterThanOrEqual(0);
    expect(driftMs).toBeLessThan(EAR_MS_MAX[profile] ?? 0);
    await page.waitForSelector('.pill-live', { timeout: 60_000 });
    const saidMs = (await page.evaluate(() => Date.now())) - planned.startsAtMs!;
    console.info(`${profile}: the page says live ${saidMs} ms after T`);
    expect(saidMs).toBeGreaterThanOrEqual(0);
    await page.getByText('started on the second').waitFor();
    await page.context().close();
    await server.end(planned.id);
  });

  test.for(PROFILES)(
    '[P1] [P3] a space that is given up takes its audience along: %s',
    async (profile, { skip }) => {
      const space = await server.createSpace({ title: `First ${profile}`, profile });
      await server.start(space.id);
      const page = await (await openContext(browser)).newPage();
      await listen(page, `${server.url}/${space.id}`);
      await settled(page);
      await watch(page);
      const wasShort = watchMachine();
      const { id } = await server.call<PublicSpace>('POST', `/api/spaces/${space.id}/relaunch`, {});
      expect(id).not.toBe(space.id);
      await until(() => new URL(page.url()).pathname === `/${id}`, 'the page follows');
      const from = await position(page);
      await until(async () => (await position(page)) > from + 6, 'the sound goes on');
      const seen = await page.evaluate(() => {
        const { heard, watched } = window as unknown as Watching;
        return { ...watched, elements: heard.length };
      });
      console.info(`${profile}: ${JSON.stringify(seen)}`);
      skip(wasShort() && seen.waiting > 0, VOID_LATE);
      expect(seen).toEqual({ waiting: 0, jumps: [], elements: 1, stayed: true });
      expect(await server.space(space.id)).toMatchObject({ state: 'ended', successor: id });
      expect((await server.space(id))!.state).toBe('live');
      await page.waitForSelector('.pill-live');
      const newcomer = await (await openContext(browser)).newPage();
      await newcomer.goto(`${server.url}/${space.id}`);
      expect(new URL(newcomer.url()).pathname).toBe(`/${id}`);
      await newcomer.context().close();
      await page.context().close();
      await server.end(id);
    },
  );
});

interface Watching {
  readonly heard: HTMLMediaElement[];
  watched: { waiting: number; jumps: number[]; stayed: boolean };
}

/** From now on the page keeps where its sound stood still or jumped, and that it is this very page. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const scope = window as unknown as Watching;
    const media = scope.heard.at(-1)!;
    scope.watched = { waiting: 0, jumps: [], stayed: true };
    media.addEventListener('waiting', () => {
      scope.watched.waiting += 1;
    });
    media.addEventListener('seeking', () => scope.watched.jumps.push(media.currentTime));
  });
}

/** The first seconds bring a newcomer to its place behind live; what is watched for comes after that. */
async function settled(page: Page): Promise<void> {
  const from = await position(page);
  await until(async () => (await position(page)) > from + 4, 'the page plays');
}

/** When the page's sound is at `positionS`, on the wall clock, ms. */
function heardAtMs(page: Page, positionS: number): Promise<number> {
  return page.evaluate(async (atS) => {
    const media = (window as unknown as Watching).heard.at(-1)!;
    while (media.currentTime < atS) await new Promise((resolve) => setTimeout(resolve, 5));
    return Date.now() - (media.currentTime - atS) * 1_000;
  }, positionS);
}

function position(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as Watching).heard.at(-1)!.currentTime);
}
