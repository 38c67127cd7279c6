/**
 * What an edge counts. Plain numbers, so that the hot path costs an addition; the process turns them
 * into metrics when it is asked.
 */
export type LaneId = 'live' | 'radio';
export type DropReason = 'stalled' | 'chatter' | 'moved' | 'superseded';
export type RefusalReason =
  | 'connections'
  | 'handshakes'
  | 'header'
  | 'idle'
  | 'internal'
  | 'proxy'
  | 'tls';

export class EdgeCounters {
  readonly joins: Record<LaneId, number> = { live: 0, radio: 0 };
  readonly resumes: Record<LaneId, number> = { live: 0, radio: 0 };
  readonly drops: Record<DropReason, number> = {
    stalled: 0,
    chatter: 0,
    moved: 0,
    superseded: 0,
  };
  readonly refusals: Record<RefusalReason, number> = {
    connections: 0,
    handshakes: 0,
    header: 0,
    idle: 0,
    internal: 0,
    proxy: 0,
    tls: 0,
  };
  /** TLS handshakes that ended well, by whether a session was resumed. */
  readonly handshakes = { full: 0, resumed: 0 };
  /** Times a slow reader was taken forward, and the chunks it lost by it. */
  skips = 0;
  skippedChunks = 0;
  /** Listeners whose connection ended by itself. */
  leaves = 0;
  writes = 0;
  bytes = 0;
  /** Time spent writing to listeners, s, and the flushes it was spent in. */
  flushSeconds = 0;
  flushes = 0;
  /** Connections answered without the full HTTP parser. */
  fastAnswers = 0;
}
