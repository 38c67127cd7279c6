/**
 * What an init segment says, checked against the live lane's rules: one track of Opus (Encapsulation of
 * Opus in ISO Base Media File Format §4.3) with one or two channels on a timescale of 48,000.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import { ContainerError } from '../container-error.ts';
import { BOX_HEADER_BYTES, type BoxSpan, spansOf, viewOf } from './box.ts';

/** Bytes of an AudioSampleEntry before its child boxes (ISO 14496-12 §12.2.3). */
const SAMPLE_ENTRY_BYTES = 28;
const DOPS_BYTES = 11;

/** @param moov the whole box @returns the channel count */
export function parseMoov(moov: Uint8Array): 1 | 2 | ContainerError {
  const view = viewOf(moov);
  const media = descend(moov, { type: 'moov', start: BOX_HEADER_BYTES, end: moov.length }, [
    'trak',
    'mdia',
  ]);
  if (media instanceof ContainerError) return media;
  const header = descend(moov, media, ['mdhd'], 'moov/trak/mdia');
  if (header instanceof ContainerError) return header;
  // Version 1 has 64-bit times in front of the timescale (ISO 14496-12 §8.4.2.2).
  const timescaleAt = header.start < header.end && view.getUint8(header.start) === 1 ? 20 : 12;
  const timescale =
    header.end - header.start < timescaleAt + 4 ? 0 : view.getUint32(header.start + timescaleAt);
  if (timescale !== SAMPLE_RATE_HZ) {
    return new ContainerError(
      'moov/trak/mdia/mdhd',
      `must have timescale ${SAMPLE_RATE_HZ}`,
      timescale,
    );
  }
  const stsd = descend(moov, media, ['minf', 'stbl', 'stsd'], 'moov/trak/mdia');
  if (stsd instanceof ContainerError) return stsd;
  const entry = descend(moov, { ...stsd, start: stsd.start + 8 }, ['Opus'], 'stsd');
  if (entry instanceof ContainerError) return entry;
  const specific = { ...entry, start: entry.start + SAMPLE_ENTRY_BYTES };
  const config = descend(moov, specific, ['dOps'], 'stsd/Opus');
  if (config instanceof ContainerError) return config;
  return channelsOf(view, config);
}

function channelsOf(view: DataView, dOps: BoxSpan): 1 | 2 | ContainerError {
  if (dOps.end - dOps.start < DOPS_BYTES) {
    return new ContainerError('dOps', `must hold ${DOPS_BYTES} bytes`, dOps.end - dOps.start);
  }
  const version = view.getUint8(dOps.start);
  if (version !== 0) return new ContainerError('dOps', 'must be of version 0', version);
  const family = view.getUint8(dOps.start + 10);
  if (family !== 0) return new ContainerError('dOps', 'must have channel mapping family 0', family);
  const channels = view.getUint8(dOps.start + 1);
  if (channels === 1 || channels === 2) return channels;
  return new ContainerError('dOps', 'must have 1 or 2 channels', channels);
}

function descend(
  bytes: Uint8Array,
  from: BoxSpan,
  path: readonly string[],
  prefix: string = from.type,
): BoxSpan | ContainerError {
  let span = from;
  let where = prefix;
  for (const type of path) {
    const children = spansOf(bytes, span.start, span.end, where);
    if (children instanceof ContainerError) return children;
    const found = children.filter((child) => child.type === type);
    where += `/${type}`;
    const [child] = found;
    if (child === undefined || found.length > 1) {
      return new ContainerError(where, 'must be there once', found.length);
    }
    span = child;
  }
  return span;
}
