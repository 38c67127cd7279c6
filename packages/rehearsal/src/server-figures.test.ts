import { describe, expect, it } from 'vitest';
import { cpuBetween, figuresOf } from './server-figures.ts';

const TEXT = `
# HELP process_cpu_seconds_total CPU
process_cpu_seconds_total{part="edge-0"} 3.5
process_cpu_seconds_total{part="api"} 1
process_resident_memory_bytes{part="edge-0"} 100
process_resident_memory_bytes{part="api"} 50
process_open_fds{part="edge-0"} 500
process_max_fds{part="edge-0"} 1000
parterre_edge_event_loop_delay_p99_seconds{part="edge-0"} 0.02
parterre_edge_event_loop_delay_p99_seconds{part="edge-1"} 0.05
parterre_edge_listeners{lane="live",profile="near",part="edge-0"} 7
parterre_edge_refusals_total{reason="connections",part="edge-0"} 2
parterre_edge_refusals_total{reason="idle",part="edge-0"} 9
parterre_programme_chunks_skipped_total{part="programme"} 3
parterre_programme_tick_late_seconds_bucket{le="0.01",part="programme"} 8
parterre_programme_tick_late_seconds_bucket{le="0.001",part="programme"} 5
parterre_programme_tick_late_seconds_bucket{le="+Inf",part="programme"} 9
parterre_programme_tick_late_seconds_sum{part="programme"} 0.5
parterre_programme_tick_late_seconds_count{part="programme"} 9
this is not a metric
`;

describe('the server’s figures', () => {
  it('are read from its metrics', () => {
    expect(figuresOf(TEXT)).toEqual({
      cpuS: { 'edge-0': 3.5, api: 1 },
      memoryBytes: 150,
      loopDelayMs: 50,
      flushMs: null,
      ticksSkipped: 30,
      ticks: {
        count: 9,
        sumS: 0.5,
        buckets: [
          [0.001, 5],
          [0.01, 8],
        ],
      },
      listeners: 7,
      sentBytes: 0,
      descriptors: 0.5,
      refusedFull: 2,
    });
  });

  it('count a process that began anew from nothing', () => {
    const before = figuresOf('process_cpu_seconds_total{part="edge-0"} 9');
    expect(cpuBetween(before, figuresOf(TEXT))).toEqual({ 'edge-0': 3.5, api: 1 });
  });
});
