/** Ogg Opus: the radio lane's pages, the recording as a file, and a reader for both. */
export { ContainerError } from '../container-error.ts';
export { OggFileWriter } from './file.ts';
export { HEADER_PAGES, type OpusHead, type OpusTags, oggHeaders } from './headers.ts';
export { BEGIN_OF_STREAM, END_OF_STREAM, type PageInput, writePage } from './page.ts';
export { radioPage } from './radio.ts';
export {
  type HeadPart,
  type OggErrorPart,
  type OggPart,
  OggReader,
  PACKET_BYTES_MAX,
  type PagePart,
  type TagsPart,
} from './reader.ts';
