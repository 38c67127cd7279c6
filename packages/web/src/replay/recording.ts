/**
 * What `replay.json` says, read with care since it is another program's file: who spoke when, and the
 * peaks behind the waveform. Pure. Refuses a file whose shape is wrong; bounds what it keeps.
 */

/** Somebody's turn, ms from the beginning of the recording. */
export interface Turn {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Recording {
  readonly durationMs: number;
  readonly liveAtMs: number;
  /** 0 to 255, one per `peakEveryMs`. */
  readonly peaks: readonly number[];
  readonly peakEveryMs: number;
  readonly turns: readonly Turn[];
}

const TURNS_MAX = 20_000;

const isMs = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isTurn(value: unknown): value is Turn {
  const turn = value as Partial<Turn> | null;
  return typeof turn?.name === 'string' && isMs(turn.fromMs) && isMs(turn.toMs);
}

/** @returns null when it is not a recording's description */
export function readRecording(value: unknown): Recording | null {
  const { durationMs, liveAtMs, peaks, peakEveryMs, turns } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (!isMs(durationMs) || !isMs(peakEveryMs) || peakEveryMs === 0) return null;
  if (!Array.isArray(peaks) || !Array.isArray(turns)) return null;
  return {
    durationMs,
    liveAtMs: isMs(liveAtMs) ? liveAtMs : 0,
    peaks: peaks.map((peak) => (isMs(peak) ? Math.min(255, peak) : 0)),
    peakEveryMs,
    turns: turns.filter(isTurn).slice(0, TURNS_MAX),
  };
}

/** The loudest peak in each of `count` equal parts, 0 to 1, scaled so that the loudest reaches 1. */
export function barsOf(recording: Recording, count: number): readonly number[] {
  const { peaks, durationMs, peakEveryMs } = recording;
  const bars = new Array<number>(Math.max(0, count)).fill(0);
  const length = Math.max(1, durationMs / peakEveryMs);
  peaks.forEach((peak, index) => {
    const bar = Math.min(bars.length - 1, Math.floor((index / length) * bars.length));
    if (bar >= 0 && peak > bars[bar]!) bars[bar] = peak;
  });
  const most = bars.reduce((a, b) => Math.max(a, b), 1);
  return bars.map((bar) => bar / most);
}

/** Loudness at a moment, 0 to 1. */
export function levelAt(recording: Recording, atMs: number): number {
  return (recording.peaks[Math.floor(atMs / recording.peakEveryMs)] ?? 0) / 255;
}

/** Who speaks at a moment. */
export function speakersAt(recording: Recording, atMs: number): readonly string[] {
  const names = recording.turns
    .filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
    .map(({ name }) => name);
  return [...new Set(names)];
}

/** Everybody who spoke, in the order of their first turn. */
export function voicesOf(recording: Recording): readonly string[] {
  return [...new Set(recording.turns.map(({ name }) => name))];
}
