/**
 * From one speaker to another: a tone begins in one WebRTC client's microphone and is awaited in the
 * loudspeaker of another, through the real stage on loopback. Both clients are a WebRTC implementation
 * with its own encoder, jitter buffer and decoder, so the figure is what two people would have, sound
 * cards and network aside.
 */
import wrtc from '@roamhq/wrtc';
import {
  Caller,
  type House,
  openHouse,
  passFor,
  until,
} from '../packages/server/src/stage/stage.fixture.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';

const RATE_HZ = 48_000;
const STEP_MS = 10;
const STEP_SAMPLES = (RATE_HZ * STEP_MS) / 1_000;
const LOUD = 3_000;
const TONE_MS = 200;
const PAUSE_MS = 600;

class Person {
  readonly caller: Caller;
  readonly #connection = new wrtc.RTCPeerConnection();
  readonly #source = new wrtc.nonstandard.RTCAudioSource();
  readonly #samples = new Int16Array(STEP_SAMPLES);
  readonly #timer: NodeJS.Timeout;
  #phase = 0;
  #fedMs = 0;
  readonly #beganAtMs = performance.now();
  sounding = false;
  /** When sound that was awaited came out, ms; null while it has not. */
  heardAtMs: number | null = null;

  constructor(house: House, name: string, role: 'host' | 'speaker') {
    this.caller = new Caller(house, passFor('talk', name, role));
    this.#timer = setInterval(() => this.#feed(), STEP_MS);
  }

  async enter(name: string): Promise<string> {
    await this.caller.join({ name, clientId: name });
    const { seat } = await this.caller.next('welcome');
    const { offerId, sdp } = await this.caller.next('offer');
    await this.#connection.setRemoteDescription({ type: 'offer', sdp });
    const [mic, ...slots] = this.#connection.getTransceivers();
    mic!.direction = 'sendonly';
    await mic!.sender.replaceTrack(this.#source.createTrack());
    for (const slot of slots) {
      const sink = new wrtc.nonstandard.RTCAudioSink(slot.receiver.track);
      sink.ondata = ({ samples }: { samples: Int16Array }) => {
        if (samples.some((sample) => Math.abs(sample) > LOUD)) this.heardAtMs ??= performance.now();
      };
    }
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    await until(() => this.#connection.iceGatheringState === 'complete', 'candidates');
    this.caller.send({ type: 'answer', offerId, sdp: this.#connection.localDescription!.sdp });
    await this.caller.next('roster', ({ seats }) =>
      seats.some(({ id, connected }) => id === seat && connected),
    );
    return seat;
  }

  #feed(): void {
    for (; this.#fedMs <= performance.now() - this.#beganAtMs; this.#fedMs += STEP_MS) {
      for (const at of this.#samples.keys()) {
        this.#phase += (2 * Math.PI * 440) / RATE_HZ;
        this.#samples[at] = this.sounding ? 12_000 * Math.sin(this.#phase) : 0;
      }
      this.#source.onData({ samples: this.#samples, sampleRate: RATE_HZ });
    }
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#connection.close();
    this.caller.socket.terminate();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function toneToEar(speaker: Person, listener: Person): Promise<number> {
  await pause(PAUSE_MS);
  listener.heardAtMs = null;
  const beganAtMs = performance.now();
  speaker.sounding = true;
  await until(() => listener.heardAtMs !== null, 'the tone is heard');
  await pause(TONE_MS);
  speaker.sounding = false;
  return (listener.heardAtMs! - beganAtMs) / 1_000;
}

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const house = await openHouse();
  const ada = new Person(house, 'ada', 'host');
  const ben = new Person(house, 'ben', 'speaker');
  try {
    const seats = [await ada.enter('ada'), await ben.enter('ben')];
    for (const seat of seats) ada.caller.send({ type: 'place', seat, place: 'stage' });
    await ben.caller.next('slots', ({ seats: heard }) => heard.includes(seats[0]!));
    // The first tone finds the jitter buffers and the encoder as they start.
    await toneToEar(ada, ben);
    const taken: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const there = await toneToEar(ada, ben);
      const back = await toneToEar(ben, ada);
      taken.push((there + back) / 2);
    }
    yield { figure: 'latency.stage.p50_s', value: median(taken), unit: 's', runs: taken };
  } finally {
    ada.leave();
    ben.leave();
    await house.close();
  }
}
