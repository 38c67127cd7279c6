/**
 * One chunk of the programme as an Ogg page: what the radio lane sends to every listener alike. Granule
 * and page sequence come from the chunk's place in the programme, so that the bytes do not depend on who
 * listens; a listener joins in the middle (RFC 7845 §4.1), his first granule being the clock.
 */
import { clockOfSeq } from '@parterre/protocol';
import { HEADER_PAGES } from './headers.ts';
import { writePage } from './page.ts';

const TWO_32 = 0x1_0000_0000;

/** @returns the page of chunk `seq`; it follows `oggHeaders` of the same serial with page sequence `seq` */
export function radioPage(
  chunk: { readonly seq: number; readonly frames: readonly Uint8Array[] },
  serial: number,
): Uint8Array {
  return writePage({
    packets: chunk.frames,
    granule: clockOfSeq(chunk.seq + 1),
    serial,
    pageSequence: (chunk.seq + HEADER_PAGES) % TWO_32,
    flags: 0,
  });
}
