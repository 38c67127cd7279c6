/** The stage with real browsers: a microphone's frames come out, speakers hear each other. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM, CHROMIUM_FLAGS, hasChromium } from '../../../../test/e2e/support/chromium.ts';
import { type House, openHouse, passFor, until } from './stage.fixture.ts';

/** Runs in the page: the least a browser does to be on stage. */
async function speakInPage(options: { url: string; clientId: string; resume?: string }) {
  interface Speaker {
    seat: string;
    resume: string;
    slots: (string | null)[];
    state: string;
    pc: RTCPeerConnection | null;
    ws: WebSocket;
  }
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const ws = new WebSocket(options.url);
  const speaker: Speaker = { seat: '', resume: '', slots: [], state: 'new', pc: null, ws };
  Object.assign(window, { speaker });
  const send = (message: object) => ws.send(JSON.stringify(message));
  ws.onopen = () =>
    send({ type: 'join', name: 'Page', clientId: options.clientId, resume: options.resume });
  ws.onmessage = async ({ data }) => {
    const message = JSON.parse(String(data));
    if (message.type === 'welcome')
      Object.assign(speaker, { seat: message.seat, resume: message.resume });
    if (message.type === 'slots') speaker.slots = message.seats;
    if (message.type === 'candidate')
      void speaker.pc!.addIceCandidate({ candidate: message.candidate, sdpMid: message.mid });
    if (message.type !== 'offer') return;
    const before = speaker.pc;
    const pc = new RTCPeerConnection();
    speaker.pc = pc;
    const { offerId } = message;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== '')
        send({ type: 'candidate', offerId, candidate: candidate.candidate, mid: 'mic' });
    };
    // Without an output the browser decodes nothing.
    pc.ontrack = ({ track }) => {
      const output = new Audio();
      output.srcObject = new MediaStream([track]);
      void output.play();
    };
    pc.onconnectionstatechange = () => {
      speaker.state = pc.connectionState;
      if (pc.connectionState === 'connected') before?.close();
    };
    await pc.setRemoteDescription({ type: 'offer', sdp: message.sdp });
    const mic = pc.getTransceivers().find((transceiver) => transceiver.mid === 'mic')!;
    mic.direction = 'sendonly';
    await mic.sender.replaceTrack(microphone.getAudioTracks()[0]!);
    await pc.setLocalDescription();
    send({ type: 'answer', offerId, sdp: pc.localDescription!.sdp });
  };
}

/** Runs in the page: what it hears and what the stage reports on it, once both are known. */
async function hearing() {
  const { pc } = (window as unknown as { speaker: { pc: RTCPeerConnection } }).speaker;
  const stats = [...(await pc.getStats()).values()];
  const inbound = stats.find(
    (entry) => entry.type === 'inbound-rtp' && entry.packetsReceived > 100,
  );
  const report = stats.find((entry) => entry.type === 'remote-inbound-rtp');
  const sender = stats.find((entry) => entry.type === 'remote-outbound-rtp');
  if (inbound === undefined || report?.roundTripTime === undefined || sender === undefined)
    return null;
  if (!(inbound.totalAudioEnergy > 0)) return null;
  return {
    lost: Number(inbound.packetsLost),
    reportedLoss: Number(report.packetsLost),
    rttS: Number(report.roundTripTime),
  };
}

const seatOf = (page: Page) =>
  page.evaluate(() => (window as unknown as { speaker: { seat: string } }).speaker.seat);

describe.skipIf(!hasChromium)('the stage with Chromium', () => {
  let browser: Browser;
  let house: House;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        ...CHROMIUM_FLAGS,
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
      ],
    });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    house = await openHouse();
  });
  afterEach(() => house.close());

  async function speak(person: string, role: 'host' | 'speaker', resume?: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(house.url);
    const pass = passFor('talk', person, role);
    const url = `${house.url.replace('http', 'ws')}/stage/talk?pass=${pass}`;
    await page.evaluate(speakInPage, {
      url,
      clientId: person,
      ...(resume === undefined ? {} : { resume }),
    });
    await page.waitForFunction(
      () => (window as unknown as { speaker: { state: string } }).speaker.state === 'connected',
    );
    return page;
  }

  const say = (page: Page, message: object) =>
    page.evaluate(
      (text) => (window as unknown as { speaker: { ws: WebSocket } }).speaker.ws.send(text),
      JSON.stringify(message),
    );

  it('gives the frames of a microphone on air to the programme', async () => {
    const page = await speak('ada', 'host');
    const seat = await seatOf(page);
    const { programme } = house;
    expect(programme.of(seat)).toHaveLength(0);
    await say(page, { type: 'place', seat, place: 'stage' });
    await until(() => programme.of(seat).length >= 100, 'two seconds of frames');
    const frames = programme.of(seat).slice(0, 100);
    const [first] = frames;
    for (const [index, frame] of frames.entries()) {
      expect(frame.source).toBe(first!.source);
      expect((frame.sequence - first!.sequence + 65_536) % 65_536).toBe(index);
      expect((frame.timestamp - first!.timestamp) >>> 0).toBe(index * 960);
    }
    expect(programme.rosters.get('talk')).toEqual([
      { id: seat, name: 'Page', role: 'host', onAir: true, muted: false },
    ]);
    await page.close();
  });

  it('lets two speakers hear each other, and reports truly on what it receives', async () => {
    const [ada, ben] = [await speak('ada', 'host'), await speak('ben', 'speaker')];
    const seats = [await seatOf(ada), await seatOf(ben)];
    for (const seat of seats) await say(ada, { type: 'place', seat, place: 'stage' });
    for (const [page, other] of [
      [ada, seats[1]],
      [ben, seats[0]],
    ] as const) {
      await page.waitForFunction(
        (seat) =>
          (window as unknown as { speaker: { slots: string[] } }).speaker.slots.includes(seat!),
        other,
      );
      let heard: Awaited<ReturnType<typeof hearing>> = null;
      for (let tries = 0; heard === null && tries < 200; tries += 1) {
        heard = await page.evaluate(hearing);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(heard).not.toBeNull();
      const { lost, reportedLoss, rttS } = heard!;
      expect(lost).toBe(0);
      expect(reportedLoss).toBe(0);
      expect(rttS).toBeGreaterThanOrEqual(0);
      expect(rttS).toBeLessThan(5);
    }
    await ada.close();
    await ben.close();
  });

  it('[P3] makes a new peer connection on the same seat without losing the voice', async () => {
    const page = await speak('ada', 'host');
    const seat = await seatOf(page);
    await say(page, { type: 'place', seat, place: 'stage' });
    const { programme } = house;
    await until(() => programme.of(seat).length > 10, 'frames');
    const [first] = programme.of(seat);
    await say(page, { type: 'reconnect' });
    const renewed = () => programme.of(seat).filter((frame) => frame.source !== first!.source);
    await until(() => renewed().length > 10, 'frames of the new connection');
    expect(programme.rosters.get('talk')).toEqual([
      { id: seat, name: 'Page', role: 'host', onAir: true, muted: false },
    ]);
    await until(() => house.peers.open === 1, 'the old connection is closed');
    await page.close();
  });

  it('[P3] hears a page again on its seat after the stage was killed', async () => {
    const page = await speak('ada', 'host');
    const seat = await seatOf(page);
    await say(page, { type: 'place', seat, place: 'stage' });
    await until(() => house.programme.of(seat).length > 10, 'frames');
    const resume = await page.evaluate(
      () => (window as unknown as { speaker: { resume: string } }).speaker.resume,
    );
    await page.close();
    await house.restart();
    const before = house.programme.frames.length;
    const again = await speak('ada', 'host', resume);
    expect(await seatOf(again)).toBe(seat);
    await until(() => house.programme.frames.length > before + 10, 'frames again');
    await again.close();
  });
});
