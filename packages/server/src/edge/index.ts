/** The edge: serves the programme to listeners over HTTP, and everything else of the public address. */
export { QUEUE_BYTES_MAX, STALL_MS_MAX } from './cohort.ts';
export type { DropReason, EdgeCounters, LaneId, RefusalReason } from './counters.ts';
export { Edge, type EdgeOptions } from './edge.ts';
export type { Format, HoldingFrames } from './format.ts';
export { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';
export type { ListenAt, TlsFiles } from './front.ts';
export { type Admission, House, type HouseOptions } from './house.ts';
export { FAST_HEAD_BYTES_MAX, type LiveRequest, parseLiveRequest } from './live-request.ts';
export { RING_CHUNKS } from './ring.ts';
