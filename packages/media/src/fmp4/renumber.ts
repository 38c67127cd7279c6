/** A live fragment under another number: where one programme carries on another's timeline. */
import { clockOfSeq } from '@parterre/protocol';
import { ContainerError } from '../container-error.ts';
import { type BoxSpan, setUint64, spansOf, viewOf } from './box.ts';
import { only } from './moof.ts';

/**
 * A copy whose `mfhd` and `tfdt` say `seq`; the sound is the same.
 * @param media `moof` and what follows it, as `FragmentReader` gives it
 * @throws ContainerError when it is no fragment
 */
export function renumbered(media: Uint8Array, seq: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(media);
  const view = viewOf(copy);
  const moof = inside(copy, 0, copy.length, 'moof');
  const mfhd = inside(copy, moof.start, moof.end, 'mfhd');
  const traf = inside(copy, moof.start, moof.end, 'traf');
  const tfdt = inside(copy, traf.start, traf.end, 'tfdt');
  view.setUint32(mfhd.start + 4, (seq + 1) >>> 0);
  setUint64(view, tfdt.start + 4, clockOfSeq(seq));
  return copy;
}

function inside(bytes: Uint8Array, start: number, end: number, type: string): BoxSpan {
  const spans = spansOf(bytes, start, end, type);
  const found = spans instanceof ContainerError ? spans : only(spans, 'moof', type, 8);
  if (found instanceof ContainerError) throw found;
  return found;
}
