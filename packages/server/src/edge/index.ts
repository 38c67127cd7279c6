/** The edge: serves the programme to listeners over HTTP, and everything else of the public address. */
export { Edge, type EdgeOptions } from './edge.ts';
export { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';
export type { TlsFiles } from './secure.ts';
