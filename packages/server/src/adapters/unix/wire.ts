/**
 * What is said on `programme.sock`. A client's first frame is a `hello` that names the port it wants;
 * everything after belongs to that port. Bodies are JSON but for records (codec/) and voice frames, whose
 * layout stands below. A frame that does not parse ends the connection: both ends are this program.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { FeedPosition, GroupSeats } from '../../ports/programme-feed.ts';
import { encodeFrame } from './framing.ts';

export const WIRE_VERSION = 1;

export const FRAME = {
  hello: 1,
  /** Server: everything known has been said; what follows is news. */
  ready: 2,
  space: 3,
  removed: 4,
  record: 5,
  seats: 6,
  voice: 7,
  levels: 8,
  request: 9,
  answer: 10,
} as const;

export type Hello =
  | {
      readonly version: number;
      readonly port: 'feed';
      readonly tailChunks: number;
      readonly positions: readonly FeedPosition[];
    }
  | { readonly version: number; readonly port: 'input' | 'control' };

export interface SpaceBody {
  readonly space: PublicSpace;
  readonly anchorMs: number | null;
  /** To readers of the feed alone. */
  readonly groups?: readonly GroupSeats[];
}

export interface LevelsBody {
  readonly spaceId: string;
  readonly levels: Readonly<Record<string, number>>;
  readonly programme: number;
}

export type RequestName =
  | 'plan'
  | 'openDoors'
  | 'start'
  | 'end'
  | 'relaunch'
  | 'attendance'
  | 'remove';

export interface RelaunchBody {
  readonly spaceId: string;
  readonly successor: string;
}

export interface RequestBody {
  readonly id: number;
  readonly name: RequestName;
  readonly argument: unknown;
}

export interface AnswerBody {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly detail?: string };
}

/** A JSON body; the caller knows its type from the frame's. @throws SyntaxError */
export function parseJson<T>(body: Buffer): T {
  return JSON.parse(body.toString('utf8')) as T;
}

/** Space and rendition (each a length byte and ASCII) before the record's bytes. */
export function encodeRecordFrame(spaceId: string, rendition: string, record: Uint8Array): Buffer {
  return encodeFrame(FRAME.record, shortText(spaceId), shortText(rendition), record);
}

export interface RecordFrame {
  readonly spaceId: string;
  readonly rendition: string;
  /** A view of the frame's body. */
  readonly record: Buffer;
}

export function parseRecordFrame(body: Buffer): RecordFrame {
  const spaceEnd = 1 + body[0]!;
  const renditionEnd = spaceEnd + 1 + body[spaceEnd]!;
  return {
    spaceId: body.toString('latin1', 1, spaceEnd),
    rendition: body.toString('latin1', spaceEnd + 1, renditionEnd),
    record: body.subarray(renditionEnd),
  };
}

/** Space and seat as above, then source (u32), timestamp (u32), sequence (u16), payload. */
export function encodeVoiceFrame(
  spaceId: string,
  seatId: string,
  source: number,
  sequence: number,
  timestamp: number,
  payload: Uint8Array,
): Buffer {
  const numbers = Buffer.allocUnsafe(10);
  numbers.writeUInt32BE(source >>> 0, 0);
  numbers.writeUInt32BE(timestamp >>> 0, 4);
  numbers.writeUInt16BE(sequence & 0xffff, 8);
  return encodeFrame(FRAME.voice, shortText(spaceId), shortText(seatId), numbers, payload);
}

/** Hands the parts of a voice frame to `use`; the payload is a view of the body. */
export function readVoiceFrame(
  body: Buffer,
  use: (
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ) => void,
): void {
  const spaceEnd = 1 + body[0]!;
  const seatEnd = spaceEnd + 1 + body[spaceEnd]!;
  use(
    body.toString('latin1', 1, spaceEnd),
    body.toString('latin1', spaceEnd + 1, seatEnd),
    body.readUInt32BE(seatEnd),
    body.readUInt16BE(seatEnd + 8),
    body.readUInt32BE(seatEnd + 4),
    body.subarray(seatEnd + 10),
  );
}

const texts = new Map<string, Buffer>();
const TEXTS_MAX = 1_024;

/** The same few identifiers come with every frame, so their bytes are kept. */
function shortText(text: string): Buffer {
  let bytes = texts.get(text);
  if (bytes !== undefined) return bytes;
  bytes = Buffer.from(`\0${text}`, 'latin1');
  if (text.length > 255)
    throw new RangeError(`An identifier has at most 255 bytes, not ${text.length}.`);
  bytes[0] = text.length;
  if (texts.size >= TEXTS_MAX) texts.clear();
  texts.set(text, bytes);
  return bytes;
}
