/**
 * The one audio element of the page, and what plays in it before the programme does: silence in the first
 * press, after which it may play by itself, and a gong.
 */
const RATE_HZ = 16_000;
const HEAD_BYTES = 44;
const SILENCE_S = 0.1;
/** A sound whose end is not told is over after this and its time and a half, ms. */
const ENDS_MS = 500;

/** In a press: from then on this element may play by itself. @returns whether it may */
export function unlock(element: HTMLAudioElement): Promise<boolean> {
  return playIn(element, SILENCE_S, () => 0).then(
    () => true,
    () => false,
  );
}

/** Of the sound before: what plays may be read to its end. */
let former = '';
/** Settles when what plays is over; null at rest. */
let sounding: Promise<void> | null = null;

/** A sound of so many seconds. @param at the sample at a time, −1 to 1. Rejects where playing is refused */
export async function playIn(
  element: HTMLAudioElement,
  seconds: number,
  at: (seconds: number) => number,
): Promise<void> {
  if (sounding !== null) await sounding;
  URL.revokeObjectURL(former);
  former = URL.createObjectURL(soundOf(seconds, at));
  const ended = new Promise((resolve) => {
    element.addEventListener('ended', resolve, { once: true });
  });
  element.src = former;
  const begun = element.play();
  const limit = new Promise((resolve) => setTimeout(resolve, seconds * 1_500 + ENDS_MS));
  const over = Promise.race([begun.then(() => ended), limit])
    .catch(() => {})
    .then(() => {
      if (sounding === over) sounding = null;
    });
  sounding = over;
  await begun;
}

/**
 * When the sound is over, or was refused; null at rest. Only then is the element given to another:
 * WebKitGTK hangs for good where what plays is replaced while it begins.
 */
export function silence(): Promise<void> | null {
  return sounding;
}

/** WAVE, 16 bit, mono. */
function soundOf(seconds: number, at: (seconds: number) => number): Blob {
  const samples = Math.round(seconds * RATE_HZ);
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + samples * 2));
  const head = ['RIFF', view.byteLength - 8, 'WAVE', 'fmt ', 16, 0x10001];
  [...head, RATE_HZ, RATE_HZ * 2, 0x100002, 'data', samples * 2].forEach((word, index) => {
    if (typeof word === 'number') view.setUint32(index * 4, word, true);
    else for (let i = 0; i < 4; i++) view.setUint8(index * 4 + i, word.charCodeAt(i));
  });
  for (let n = 0; n < samples; n++)
    view.setInt16(HEAD_BYTES + n * 2, at(n / RATE_HZ) * 32_767, true);
  return new Blob([view], { type: 'audio/wav' });
}
