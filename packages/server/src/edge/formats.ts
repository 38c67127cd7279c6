/**
 * The two formats of the lanes, over `@parterre/media`: movie fragments for the live lane, Ogg pages
 * for the radio lane.
 */
import { initSegment, oggHeaders, radioPage, wrapFragment } from '@parterre/media';
import type { Format } from './format.ts';

const INIT = { 1: initSegment(1), 2: initSegment(2) } as const;

/** `GET /live/{space}`: `audio/mp4` with `prft` and `emsg` beside the sound. */
export const LIVE_FORMAT: Format = {
  contentType: 'audio/mp4; codecs="opus"',
  opening: ({ rendition }) => INIT[rendition.channels],
  wrap: wrapFragment,
};

/** One logical stream a response: the serial number only has to be the same in every edge. */
const RADIO_SERIAL = 0x5041_5254;
const TWO_32 = 0x1_0000_0000;

/**
 * `GET /radio/{space}.ogg`. The page of chunk `seq` is numbered HEADER_PAGES after `seq`: header pages
 * numbered from `seq` stand before it without a break (RFC 3533 §6).
 */
export const RADIO_FORMAT: Format = {
  contentType: 'audio/ogg; codecs="opus"',
  opening: ({ rendition, title, host }, seq) =>
    oggHeaders(rendition.channels, RADIO_SERIAL, { TITLE: title, ARTIST: host }, seq % TWO_32),
  wrap: (chunk) => radioPage(chunk, RADIO_SERIAL),
};
