/** The programme's figures as Prometheus metrics; base units, `parterre_programme_` before each name. */
import type { JitterCounters } from '@parterre/media';
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Programme, ProgrammeMeter } from '../programme/index.ts';
import { publisher } from './gauges.ts';

const MS = 1_000;

export function programmeMeter(registry: Registry): ProgrammeMeter {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: `parterre_programme_${name}`, help, buckets, registers });
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `parterre_programme_${name}`, help, registers });

  const late = histogram(
    'tick_late_seconds',
    'How late a frame was mixed.',
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  );
  const caughtUp = counter('frames_caught_up_total', 'Frames mixed late, after being held up.');
  const skipped = counter('chunks_skipped_total', 'Chunks given up as a hole after being away.');
  const append = histogram(
    'append_seconds',
    'Time to write one record to the log.',
    [0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.02, 0.1, 1],
  );
  const failed = counter('disk_errors_total', 'Writes and syncs the disk refused.');
  const lost = counter(
    'chunks_lost_total',
    'Chunks that went on air but are a hole in the recording.',
  );
  const syncAge = histogram(
    'sync_age_seconds',
    'Age of the oldest record when it became durable.',
    [0.5, 1, 1.25, 1.5, 2, 3, 5, 10, 30],
  );
  const drift = histogram(
    'start_drift_seconds',
    'Going live after the announced second.',
    [0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 60],
  );
  const replay = histogram(
    'replay_seconds',
    'Time to write a recording.',
    [0.1, 1, 5, 15, 60, 300],
  );
  return {
    tickLate: (lateMs) => late.observe(lateMs / MS),
    framesCaughtUp: (frames) => caughtUp.inc(frames),
    chunksSkipped: (chunks) => skipped.inc(chunks),
    appended: (tookMs) => append.observe(tookMs / MS),
    appendFailed: () => failed.inc(),
    chunksLost: (chunks) => lost.inc(chunks),
    synced: (ageMs) => syncAge.observe(ageMs / MS),
    startDrift: (driftMs) => drift.observe(driftMs / MS),
    replayWritten: (tookMs) => replay.observe(tookMs / MS),
  };
}

/** Gauges that are read when they are asked for. */
export function watchProgramme(
  registry: Registry,
  programme: Programme,
  clients: () => number,
): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `parterre_programme_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('spaces', 'Spaces on air.', () => programme.figures().onAir);
  gauge(
    'ring_records',
    'Records kept in memory for readers.',
    () => programme.figures().ringRecords,
  );
  gauge('feed_clients', 'Readers of the feed.', () => programme.figures().readers);
  gauge('clients', 'Connections of edges, stage and api.', clients);
  gauge('records_waiting', 'Records waiting for the disk.', () => programme.figures().waiting);
}

/** What became of the speakers' packets: how much was lost on the way in, and how much of it was mended. */
export function watchVoices(registry: Registry, voices: Readonly<JitterCounters>): void {
  const publish = publisher(registry);
  const counter = (name: string, help: string, read: () => number): void =>
    publish.counter(`parterre_programme_voice_${name}`, help, read);
  counter('packets_total', 'Packets of speakers.', () => voices.received);
  counter('packets_with_fec_total', 'Those that carry in-band FEC.', () => voices.withFec);
  counter(
    'recovered_seconds_total',
    'Lost sound that was decoded from in-band FEC.',
    () => voices.recoveredSamples / SAMPLE_RATE_HZ,
  );
  counter(
    'concealed_seconds_total',
    'Missing sound that was made up.',
    () => voices.concealedSamples / SAMPLE_RATE_HZ,
  );
  counter(
    'scaled_seconds_total',
    'Sound removed or repeated to hold a voice’s delay.',
    () => (voices.shortenedSamples + voices.lengthenedSamples) / SAMPLE_RATE_HZ,
  );
}
