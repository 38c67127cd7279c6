/** What the hls lane counts, as metrics. */
import type { Registry } from 'prom-client';
import type { Edge } from '../edge/index.ts';
import { publisher } from './gauges.ts';

export function watchHls(registry: Registry, hls: Edge['hls']): void {
  const { gauge, counter, byLabel } = publisher(registry);
  byLabel(
    'parterre_edge_hls_requests_total',
    'Requests of the hls lane, by rendition; `variants` is the multivariant playlist.',
    'rendition',
    () => hls.requests,
  );
  counter('parterre_edge_hls_bytes_total', 'Bytes of the hls lane sent.', () => hls.bytes);
  counter(
    'parterre_edge_hls_refused_total',
    'Requests of the hls lane refused because there were too many.',
    () => hls.refused,
  );
  gauge(
    'parterre_edge_hls_listeners',
    'Listeners who pull without a cache, by the segments they ask for.',
    () => hls.listeners,
  );
  gauge(
    'parterre_edge_hls_waiting',
    'Requests that wait for the programme to come to what they ask for.',
    () => hls.waiting,
  );
  counter(
    'parterre_edge_hls_aac_segments_total',
    'Segments of AAC begun.',
    () => hls.encoded.stretches,
  );
  counter('parterre_edge_hls_aac_frames_total', 'Frames of AAC made.', () => hls.encoded.frames);
}
