/**
 * The init segment: what a player must know before the first fragment. One track of Opus (Encapsulation
 * of Opus in ISO Base Media File Format, §4.3) on a timescale of 48,000, fragmented (ISO 14496-12 §8.8),
 * without edit list and with PreSkip 0: a listener joins in the middle and hears every sample he is sent.
 */
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { ascii, box, concat, fullBox, u8, u16, u32, u64 } from './box.ts';

export const TRACK_ID = 1;
/** ISO 639-2 `und`, packed as ISO 14496-12 §8.4.2.3 has it. */
const LANGUAGE_UNDETERMINED = 0x55c4;
/** sample_depends_on = 2: each sample is decoded without others (ISO 14496-12 §8.8.3.1). */
const SAMPLE_FLAGS_INDEPENDENT = 0x0200_0000;
const UNITY_MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000);

/** What a track's samples are: the sample entry (ISO 14496-12 §8.5.2) and the length of each. */
export interface TrackFormat {
  readonly entry: Uint8Array;
  readonly frameSamples: number;
}

/** The init segment of the live lane: `ftyp` and `moov`. */
export function initSegment(channels: 1 | 2): Uint8Array {
  return initSegmentOf(opusFormat(channels));
}

/** The init segment of a stream without end. */
export function initSegmentOf(format: TrackFormat): Uint8Array {
  return concat([fileType(), movieOf(format, null)]);
}

/** `ftyp`: `iso6` for `tfdt` and default-base-is-moof. */
export function fileType(): Uint8Array {
  return box('ftyp', ascii('iso6'), u32(0), ascii('iso6'), ascii('mp41'));
}

/** `moov`; `durationSamples` is the whole length for a recording, null for a stream without end. */
export function movie(channels: 1 | 2, durationSamples: number | null): Uint8Array {
  return movieOf(opusFormat(channels), durationSamples);
}

function movieOf(format: TrackFormat, durationSamples: number | null): Uint8Array {
  const header = fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, SAMPLE_RATE_HZ, 0, 0x10000),
    u16(0x0100, 0),
    u32(0, 0),
    UNITY_MATRIX,
    u32(0, 0, 0, 0, 0, 0, TRACK_ID + 1),
  );
  const extension = movieExtends(durationSamples, format.frameSamples);
  return box('moov', header, track(format.entry), extension);
}

function track(entry: Uint8Array): Uint8Array {
  const enabledInMovie = 3;
  const header = fullBox(
    'tkhd',
    0,
    enabledInMovie,
    u32(0, 0, TRACK_ID, 0, 0, 0, 0),
    u16(0, 0, 0x0100, 0),
    UNITY_MATRIX,
    u32(0, 0),
  );
  const mediaHeader = fullBox(
    'mdhd',
    0,
    0,
    u32(0, 0, SAMPLE_RATE_HZ, 0),
    u16(LANGUAGE_UNDETERMINED, 0),
  );
  const handler = fullBox('hdlr', 0, 0, u32(0), ascii('soun'), u32(0, 0, 0), ascii('Parterre\0'));
  const selfContained = 1;
  const dataInformation = box(
    'dinf',
    fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, selfContained)),
  );
  const media = box('minf', fullBox('smhd', 0, 0, u16(0, 0)), dataInformation, sampleTable(entry));
  return box('trak', header, box('mdia', mediaHeader, handler, media));
}

function opusFormat(channels: 1 | 2): TrackFormat {
  const config = box('dOps', u8(0, channels), u16(0), u32(SAMPLE_RATE_HZ), u16(0), u8(0));
  return { entry: audioEntry('Opus', channels, config), frameSamples: FRAME_SAMPLES };
}

/** An AudioSampleEntry (ISO 14496-12 §12.2.3). @param config the codec's own box */
export function audioEntry(type: string, channels: 1 | 2, config: Uint8Array): Uint8Array {
  return box(
    type,
    u8(0, 0, 0, 0, 0, 0),
    u16(1),
    u32(0, 0),
    u16(channels, 16, 0, 0),
    u32(SAMPLE_RATE_HZ * 0x10000),
    config,
  );
}

/** `stbl` with the sample entry and, as the samples are in fragments, empty tables. */
function sampleTable(entry: Uint8Array): Uint8Array {
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), entry),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
}

function movieExtends(durationSamples: number | null, frameSamples: number): Uint8Array {
  const extent = durationSamples === null ? [] : [fullBox('mehd', 1, 0, u64(durationSamples))];
  const defaults = fullBox(
    'trex',
    0,
    0,
    u32(TRACK_ID, 1, frameSamples, 0, SAMPLE_FLAGS_INDEPENDENT),
  );
  return box('mvex', ...extent, defaults);
}
