/** The stage with real browsers: a microphone's frames come out, speakers hear each other. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse, passFor, until } from './stage.fixture.ts';

const CHROMIUM = '/usr/bin/chromium';

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
    if (message.type !== 'offer') return;
    const before = speaker.pc;
    const pc = new RTCPeerConnection();
    speaker.pc = pc;
    const { offerId } = message;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== '')
        send({ type: 'candidate', offerId, candidate: candidate.candidate, mid: 'mic' });
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

const seatOf = (page: Page) =>
  page.evaluate(() => (window as unknown as { speaker: { seat: string } }).speaker.seat);

describe.skipIf(!existsSync(CHROMIUM))('the stage with Chromium', () => {
  let browser: Browser;
  let house: House;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
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
});
