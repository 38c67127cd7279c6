/**
 * The elements of a header extension in the one-byte and two-byte forms (RFC 8285 §4.2, §4.3), and the
 * client-to-mixer audio level (RFC 6464 §3). Reading is total: what comes after the first malformed
 * element is dropped, as §4.2 asks, and data of other profiles has no elements.
 */
import type { HeaderExtension } from './packet.ts';

export interface ExtensionElement {
  /** As negotiated by `a=extmap`: 1…14 in the one-byte form, 1…255 in the two-byte form. */
  readonly id: number;
  readonly data: Uint8Array;
}

export interface AudioLevel {
  /** The sender believes that this packet holds voice. */
  readonly voice: boolean;
  /** −127 (silence) … 0 (overload). */
  readonly levelDbov: number;
}

/** URI of the audio level in `a=extmap`. */
export const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;
const ONE_BYTE_STOP_ID = 15;

/** The elements of an extension, views into its data. */
export function readElements(extension: HeaderExtension): ExtensionElement[] {
  if (extension.profile === ONE_BYTE_PROFILE) return oneByteElements(extension.data);
  // The low four bits are free for the application (RFC 8285 §4.3).
  if ((extension.profile & 0xfff0) === TWO_BYTE_PROFILE) return twoByteElements(extension.data);
  return [];
}

function oneByteElements(data: Uint8Array): ExtensionElement[] {
  const elements: ExtensionElement[] = [];
  let at = 0;
  while (at < data.length) {
    const head = data[at]!;
    const id = head >> 4;
    const start = at + 1;
    if (head === 0) {
      at = start;
      continue;
    }
    const end = start + (head & 0x0f) + 1;
    // Identifier 0 with a length and identifier 15 end the processing (RFC 8285 §4.2).
    if (id === 0 || id === ONE_BYTE_STOP_ID || end > data.length) break;
    elements.push({ id, data: data.subarray(start, end) });
    at = end;
  }
  return elements;
}

function twoByteElements(data: Uint8Array): ExtensionElement[] {
  const elements: ExtensionElement[] = [];
  let at = 0;
  while (at < data.length) {
    const id = data[at]!;
    if (id === 0) {
      at += 1;
      continue;
    }
    const length = data[at + 1];
    if (length === undefined || at + 2 + length > data.length) break;
    elements.push({ id, data: data.subarray(at + 2, at + 2 + length) });
    at += 2 + length;
  }
  return elements;
}

/**
 * An extension that holds the elements, in the one-byte form when all fit into it.
 * @throws RangeError when an identifier is not 1…255 or an element has more than 255 bytes
 */
export function writeElements(elements: readonly ExtensionElement[]): HeaderExtension {
  const short = elements.every(
    ({ id, data }) => id < ONE_BYTE_STOP_ID && data.length >= 1 && data.length <= 16,
  );
  const headBytes = short ? 1 : 2;
  const bytes = elements.reduce((sum, { data }) => sum + headBytes + data.length, 0);
  const data = new Uint8Array(Math.ceil(bytes / 4) * 4);
  let at = 0;
  for (const element of elements) {
    const { length } = element.data;
    if (element.id < 1 || element.id > 255 || length > 255) {
      throw new RangeError(`id must be 1…255 and length 0…255, got ${element.id} and ${length}`);
    }
    if (short) {
      data[at] = (element.id << 4) | (length - 1);
    } else {
      data[at] = element.id;
      data[at + 1] = length;
    }
    data.set(element.data, at + headBytes);
    at += headBytes + length;
  }
  return { profile: short ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE, data };
}

/** The audio level in element `id` of a packet's extension, or null when it carries none. */
export function readAudioLevel(extension: HeaderExtension | null, id: number): AudioLevel | null {
  if (extension === null) return null;
  const byte = readElements(extension).find((element) => element.id === id)?.data[0];
  return byte === undefined ? null : { voice: byte >= 0x80, levelDbov: 0 - (byte & 0x7f) };
}

/** The element that carries an audio level. */
export function audioLevelElement(id: number, level: AudioLevel): ExtensionElement {
  const magnitude = Math.min(127, Math.max(0, Math.round(-level.levelDbov)));
  return { id, data: Uint8Array.of((level.voice ? 0x80 : 0) | magnitude) };
}
