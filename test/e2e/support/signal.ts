/** Listening by arithmetic: correlation, alignment and markers in PCM at one sample rate. */

/** Normalised correlation of two equally long stretches, −1…1; 0 when one is silent. */
export function correlation(a: Float32Array, b: Float32Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i]!;
    const y = b[i]!;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const x of samples) sum += x * x;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

/** The offset in `longer` at which `shorter` fits best, by FFT; and the correlation there. */
export function align(
  longer: Float32Array,
  shorter: Float32Array,
): { offset: number; score: number } {
  const size = 2 ** Math.ceil(Math.log2(longer.length + shorter.length));
  const aRe = new Float64Array(size);
  const aIm = new Float64Array(size);
  const bRe = new Float64Array(size);
  const bIm = new Float64Array(size);
  aRe.set(longer);
  bRe.set(shorter);
  fft(aRe, aIm, false);
  fft(bRe, bIm, false);
  for (let i = 0; i < size; i += 1) {
    const re = aRe[i]! * bRe[i]! + aIm[i]! * bIm[i]!;
    aIm[i] = aIm[i]! * bRe[i]! - aRe[i]! * bIm[i]!;
    aRe[i] = re;
  }
  fft(aRe, aIm, true);
  let offset = 0;
  for (let i = 1; i <= longer.length - shorter.length; i += 1)
    if (aRe[i]! > aRe[offset]!) offset = i;
  return { offset, score: correlation(longer.subarray(offset, offset + shorter.length), shorter) };
}

/** A window that is loud enough to be compared: where in the reference it is, samples, and how like. */
export interface WindowMatch {
  readonly at: number;
  readonly score: number;
}

/** As `windowMatches`, the correlations alone. */
export function windowCorrelations(...given: Parameters<typeof windowMatches>): number[] {
  return windowMatches(...given).map(({ score }) => score);
}

/**
 * Cuts `heard` into windows and finds each again in `reference`, from where the one before was found.
 * @param slack how far a window may have moved against the one before, samples
 */
export function windowMatches(
  heard: Float32Array,
  reference: Float32Array,
  window: number,
  slack: number,
  floor = 0.003,
): WindowMatch[] {
  const first = Array.from(
    { length: Math.floor(heard.length / window) },
    (_, index) => index * window,
  ).find((start) => rms(heard.subarray(start, start + window)) >= floor);
  if (first === undefined) return [];
  // All of it at once: of speech that is played in a loop, a part fits in more than one place.
  const rough = align(coarse(reference), coarse(heard.subarray(first, first + reference.length)));
  const beginning = heard.subarray(first, first + 4 * window);
  let expected = rough.score >= 0.8 ? COARSE * rough.offset : align(reference, beginning).offset;
  const matches: WindowMatch[] = [];
  for (let start = first; start + window <= heard.length; start += window, expected += window) {
    const piece = heard.subarray(start, start + window);
    if (rms(piece) < floor) continue;
    const from = Math.max(0, expected - slack);
    const around = reference.subarray(from, expected + window + slack);
    if (around.length < window) break;
    const { offset, score } = align(around, piece);
    matches.push({ at: from + offset, score });
    if (score >= 0.5) expected = from + offset;
  }
  return matches;
}

/** Where a whole recording is searched, so many samples are taken for one: `slack` is far more. */
const COARSE = 8;

function coarse(samples: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.floor(samples.length / COARSE) }, (_, index) => {
    let sum = 0;
    for (let i = 0; i < COARSE; i += 1) sum += samples[index * COARSE + i]!;
    return sum / COARSE;
  });
}

/** In place, radix 2; the inverse is not scaled. */
export function fft(re: Float64Array, im: Float64Array, inverse: boolean): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i += 1) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    const angle = ((inverse ? 2 : -2) * Math.PI) / length;
    const half = length >> 1;
    const cos = new Float64Array(half);
    const sin = new Float64Array(half);
    for (let k = 0; k < half; k += 1) {
      cos[k] = Math.cos(angle * k);
      sin[k] = Math.sin(angle * k);
    }
    for (let i = 0; i < size; i += length) {
      for (let k = 0; k < half; k += 1) {
        const a = i + k;
        const b = a + half;
        const xr = re[b]! * cos[k]! - im[b]! * sin[k]!;
        const xi = re[b]! * sin[k]! + im[b]! * cos[k]!;
        re[b] = re[a]! - xr;
        im[b] = im[a]! - xi;
        re[a] = re[a]! + xr;
        im[a] = im[a]! + xi;
      }
    }
  }
}

/**
 * Where short tone bursts begin, in samples: the energy at `frequencyHz` (Goertzel over 5 ms) rising
 * above a tenth of its greatest value after having been below it.
 */
export function markerOnsets(samples: Float32Array, frequencyHz: number, rate: number): number[] {
  const step = Math.round(rate / 1_000);
  const length = step * 5;
  const powers: number[] = [];
  for (let start = 0; start + length <= samples.length; start += step)
    powers.push(goertzel(samples, start, length, frequencyHz / rate));
  const threshold = Math.max(...percentileOf(powers, 0.98)) / 10;
  const onsets: number[] = [];
  let quiet = 0;
  for (let i = 0; i < powers.length; i += 1) {
    if (powers[i]! < threshold) quiet += 1;
    else {
      if (quiet >= 20) onsets.push(i * step);
      quiet = 0;
    }
  }
  return onsets;
}

function percentileOf(values: readonly number[], share: number): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0];
}

function goertzel(samples: Float32Array, start: number, length: number, turn: number): number {
  const factor = 2 * Math.cos(2 * Math.PI * turn);
  let one = 0;
  let two = 0;
  for (let i = start; i < start + length; i += 1) {
    const next = samples[i]! + factor * one - two;
    two = one;
    one = next;
  }
  return one * one + two * two - factor * one * two;
}
