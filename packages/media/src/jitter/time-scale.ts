/**
 * Makes the head of a voice shorter or longer by one pitch period (WSOLA): the two stretches that resemble
 * each other most, 2.5 to 10 ms apart, are cross-faded, so the pitch stays and nothing clicks. In quiet
 * any distance does. Works in place on the first SCALE_SAMPLES of the FIFO; refuses (0) where nothing
 * resembles, unless the caller is in a hurry.
 */
import type { SampleFifo } from './sample-fifo.ts';

/** What must be in the FIFO, samples: the window and the greatest distance. */
export const SCALE_SAMPLES = 960;
const LAG_MIN = 120;
const LAG_MAX = 480;
const WINDOW = 480;
/** The search runs at 12 kHz. */
const DECIMATION = 4;
const RESEMBLANCE_MIN = 0.8;
const RESEMBLANCE_MIN_HURRIED = 0.3;
/** Mean square below which the head is quiet: −50 dBFS. */
const QUIET_MEAN_SQUARE = 1e-5;

const search = new Float32Array(SCALE_SAMPLES / DECIMATION);

/** The head of the FIFO is so quiet that a change of its length is not heard. */
export function headIsQuiet(fifo: SampleFifo): boolean {
  const end = SCALE_SAMPLES * fifo.channels;
  let sum = 0;
  for (let i = 0; i < end; i += 1) sum += fifo.data[i]! ** 2;
  return sum < QUIET_MEAN_SQUARE * end;
}

/** Removes one period, at most `samplesMax`. @returns samples removed. */
export function shorten(fifo: SampleFifo, samplesMax: number, hurried: boolean): number {
  const lag = bestLag(fifo, samplesMax, hurried);
  if (lag === 0) return 0;
  const { channels, data } = fifo;
  for (let i = 0; i < WINDOW; i += 1) {
    const later = (i + 0.5) / WINDOW;
    for (let c = 0; c < channels; c += 1) {
      const at = i * channels + c;
      data[at] = data[at]! * (1 - later) + data[at + lag * channels]! * later;
    }
  }
  fifo.cut(WINDOW, lag);
  return lag;
}

/** Repeats one period, at most `samplesMax`. @returns samples added. */
export function lengthen(fifo: SampleFifo, samplesMax: number, hurried: boolean): number {
  const lag = bestLag(fifo, samplesMax, hurried);
  if (lag === 0) return 0;
  const { channels, data } = fifo;
  fifo.open(0, lag);
  // data[0, lag) still holds the old head; from there on the later stretch gives way to the earlier one.
  for (let i = 0; i < WINDOW; i += 1) {
    const earlier = (i + 0.5) / WINDOW;
    for (let c = 0; c < channels; c += 1) {
      const at = (i + lag) * channels + c;
      const later = data[at + lag * channels]!;
      data[at] = later * (1 - earlier) + data[at]! * earlier;
    }
  }
  return lag;
}

function bestLag(fifo: SampleFifo, samplesMax: number, hurried: boolean): number {
  const most = Math.min(LAG_MAX, samplesMax);
  if (most < LAG_MIN) return 0;
  if (headIsQuiet(fifo)) return most;
  decimate(fifo);
  const window = WINDOW / DECIMATION;
  let best = hurried ? RESEMBLANCE_MIN_HURRIED : RESEMBLANCE_MIN;
  let bestAt = 0;
  for (let lag = LAG_MIN / DECIMATION; lag <= most / DECIMATION; lag += 1) {
    let product = 0;
    let energyA = 1e-9;
    let energyB = 1e-9;
    for (let i = 0; i < window; i += 1) {
      const a = search[i]!;
      const b = search[i + lag]!;
      product += a * b;
      energyA += a * a;
      energyB += b * b;
    }
    const resemblance = product / Math.sqrt(energyA * energyB);
    if (resemblance > best) {
      best = resemblance;
      bestAt = lag;
    }
  }
  return bestAt * DECIMATION;
}

function decimate(fifo: SampleFifo): void {
  const width = DECIMATION * fifo.channels;
  for (let i = 0; i < search.length; i += 1) {
    let sum = 0;
    for (let j = 0; j < width; j += 1) sum += fifo.data[i * width + j]!;
    search[i] = sum / width;
  }
}
