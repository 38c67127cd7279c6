/** What the programme counts; the process behind it turns that into metrics. All durations in ms. */
export interface ProgrammeMeter {
  /** How late a frame was mixed, after the moment it was due. */
  tickLate(lateMs: number): void;
  /** Frames mixed in one go because the process had been held up. */
  framesCaughtUp(frames: number): void;
  /** Programme given up as a hole because the process had been away too long. */
  chunksSkipped(chunks: number): void;
  appended(tookMs: number): void;
  /** A record could not be written; it is kept and tried again. */
  appendFailed(): void;
  /** Sequences that could not be kept and are a hole in the recording. */
  chunksLost(chunks: number): void;
  /** How long the oldest record had waited when a sync ended. */
  synced(ageMs: number): void;
  startDrift(driftMs: number): void;
  replayWritten(tookMs: number): void;
}

/** Counts nothing. */
export const noMeter: ProgrammeMeter = {
  tickLate() {},
  framesCaughtUp() {},
  chunksSkipped() {},
  appended() {},
  appendFailed() {},
  chunksLost() {},
  synced() {},
  startDrift() {},
  replayWritten() {},
};
