/** The edge: serves the programme to listeners over HTTP, and everything else of the public address. */
export { Edge, type EdgeOptions } from './edge.ts';
export { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';
export { CONNECTIONS_MAX, type TlsFiles } from './front.ts';
