/**
 * ISO boxes as text a person can read and a golden file can hold: one line per box with its offset, size
 * and fields. It knows the layouts from the standards, not from the writer it is used to check.
 */
const CONTAINERS = new Set([
  'moov',
  'trak',
  'mdia',
  'minf',
  'dinf',
  'stbl',
  'mvex',
  'moof',
  'traf',
]);

type Field = readonly [
  name: string,
  kind: 'u8' | 'u16' | 'u32' | 'u64' | 'i16' | 'hex' | 'fourcc' | 'skip',
  count?: number,
];

const AUDIO_ENTRY: readonly Field[] = [
  ['reserved', 'skip', 6],
  ['data_reference_index', 'u16'],
  ['reserved', 'skip', 8],
  ['channelcount', 'u16'],
  ['samplesize', 'u16'],
  ['reserved', 'skip', 4],
  ['samplerate', 'hex'],
];
/** Fields of each box; a full box begins with version and flags. */
const LAYOUTS: Readonly<Record<string, readonly Field[]>> = {
  ftyp: [
    ['major_brand', 'fourcc'],
    ['minor_version', 'u32'],
    ['compatible_brands', 'fourcc', 2],
  ],
  mvhd: [
    ['version_flags', 'hex'],
    ['times', 'skip', 8],
    ['timescale', 'u32'],
    ['duration', 'u32'],
    ['rate', 'hex'],
    ['volume', 'u16'],
    ['reserved', 'skip', 10],
    ['matrix', 'hex', 9],
    ['pre_defined', 'skip', 24],
    ['next_track_ID', 'u32'],
  ],
  tkhd: [
    ['version_flags', 'hex'],
    ['times', 'skip', 8],
    ['track_ID', 'u32'],
    ['reserved', 'skip', 4],
    ['duration', 'u32'],
    ['reserved', 'skip', 8],
    ['layer', 'u16'],
    ['alternate_group', 'u16'],
    ['volume', 'u16'],
    ['reserved', 'skip', 2],
    ['matrix', 'hex', 9],
    ['width', 'u32'],
    ['height', 'u32'],
  ],
  mdhd: [
    ['version_flags', 'hex'],
    ['times', 'skip', 8],
    ['timescale', 'u32'],
    ['duration', 'u32'],
    ['language', 'u16'],
  ],
  hdlr: [
    ['version_flags', 'hex'],
    ['pre_defined', 'u32'],
    ['handler_type', 'fourcc'],
  ],
  smhd: [
    ['version_flags', 'hex'],
    ['balance', 'i16'],
  ],
  dref: [
    ['version_flags', 'hex'],
    ['entry_count', 'u32'],
  ],
  stsd: [
    ['version_flags', 'hex'],
    ['entry_count', 'u32'],
  ],
  stts: [
    ['version_flags', 'hex'],
    ['entry_count', 'u32'],
  ],
  stsc: [
    ['version_flags', 'hex'],
    ['entry_count', 'u32'],
  ],
  stsz: [
    ['version_flags', 'hex'],
    ['sample_size', 'u32'],
    ['sample_count', 'u32'],
  ],
  stco: [
    ['version_flags', 'hex'],
    ['entry_count', 'u32'],
  ],
  'url ': [['version_flags', 'hex']],
  Opus: AUDIO_ENTRY,
  mp4a: AUDIO_ENTRY,
  esds: [['version_flags', 'hex']],
  dOps: [
    ['Version', 'u8'],
    ['OutputChannelCount', 'u8'],
    ['PreSkip', 'u16'],
    ['InputSampleRate', 'u32'],
    ['OutputGain', 'i16'],
    ['ChannelMappingFamily', 'u8'],
  ],
  mehd: [
    ['version_flags', 'hex'],
    ['fragment_duration', 'u64'],
  ],
  trex: [
    ['version_flags', 'hex'],
    ['track_ID', 'u32'],
    ['default_sample_description_index', 'u32'],
    ['default_sample_duration', 'u32'],
    ['default_sample_size', 'u32'],
    ['default_sample_flags', 'hex'],
  ],
  sidx: [
    ['version_flags', 'hex'],
    ['reference_ID', 'u32'],
    ['timescale', 'u32'],
    ['earliest_presentation_time', 'u64'],
    ['first_offset', 'u64'],
    ['reserved', 'skip', 2],
    ['reference_count', 'u16'],
  ],
  emsg: [
    ['version_flags', 'hex'],
    ['timescale', 'u32'],
    ['presentation_time', 'u64'],
    ['event_duration', 'hex'],
    ['id', 'u32'],
  ],
  prft: [
    ['version_flags', 'hex'],
    ['reference_track_ID', 'u32'],
    ['ntp_seconds', 'u32'],
    ['ntp_fraction', 'hex'],
    ['media_time', 'u64'],
  ],
  mfhd: [
    ['version_flags', 'hex'],
    ['sequence_number', 'u32'],
  ],
  tfhd: [
    ['version_flags', 'hex'],
    ['track_ID', 'u32'],
  ],
  tfdt: [
    ['version_flags', 'hex'],
    ['baseMediaDecodeTime', 'u64'],
  ],
  trun: [
    ['version_flags', 'hex'],
    ['sample_count', 'u32'],
    ['data_offset', 'u32'],
  ],
};
/** Boxes whose layout is followed by child boxes. */
const WITH_CHILDREN = new Set(['dref', 'stsd', 'Opus', 'mp4a']);
/** Boxes whose layout is followed by a list of 32-bit numbers. */
const WITH_NUMBERS = new Set(['trun', 'sidx']);
const BYTES = { u8: 1, u16: 2, i16: 2, u32: 4, u64: 8, hex: 4, fourcc: 4, skip: 1 } as const;

export function dumpBoxes(bytes: Uint8Array): string {
  return `${dumpRange(bytes, 0, bytes.length, '').join('\n')}\n`;
}

function dumpRange(bytes: Uint8Array, from: number, to: number, indent: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (let at = from; at < to; ) {
    const size = view.getUint32(at);
    const type = text(bytes, at + 4, 4);
    const end = at + size;
    lines.push(`${indent}[${type}] at ${at}, ${size} bytes`);
    const inner = `${indent}  `;
    let next = at + 8;
    for (const field of LAYOUTS[type] ?? []) {
      const [name, kind, count = 1] = field;
      const values = Array.from({ length: kind === 'skip' ? 0 : count }, (_, index) =>
        fieldOf(view, bytes, next + index * BYTES[kind], kind),
      );
      if (kind !== 'skip') lines.push(`${inner}${name} = ${values.join(' ')}`);
      next += count * BYTES[kind];
    }
    if (CONTAINERS.has(type) || WITH_CHILDREN.has(type)) {
      lines.push(...dumpRange(bytes, next, end, inner));
    } else if (WITH_NUMBERS.has(type)) {
      const numbers: number[] = [];
      for (; next < end; next += 4) numbers.push(view.getUint32(next));
      lines.push(`${inner}entries = ${numbers.join(' ')}`);
    } else if (next < end) {
      lines.push(`${inner}rest = ${readable(bytes.subarray(next, end))}`);
    }
    at = end;
  }
  return lines;
}

function fieldOf(view: DataView, bytes: Uint8Array, at: number, kind: Field[1]): string {
  switch (kind) {
    case 'u8':
      return String(view.getUint8(at));
    case 'u16':
      return String(view.getUint16(at));
    case 'i16':
      return String(view.getInt16(at));
    case 'u32':
      return String(view.getUint32(at));
    case 'u64':
      return String(view.getBigUint64(at));
    case 'hex':
      return `0x${view.getUint32(at).toString(16).padStart(8, '0')}`;
    default:
      return text(bytes, at, 4);
  }
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** Printable runs as text in quotes, the rest as hexadecimal. */
export function readable(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let run = '';
  const close = () => {
    if (run !== '') pieces.push(`"${run}"`);
    run = '';
  };
  for (const byte of bytes) {
    if (byte >= 0x20 && byte < 0x7f) {
      run += String.fromCharCode(byte);
    } else {
      close();
      pieces.push(byte.toString(16).padStart(2, '0'));
    }
  }
  close();
  return pieces.join(' ');
}
