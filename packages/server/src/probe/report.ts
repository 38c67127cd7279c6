/** What a probe found, as data and as text. All times in ms unless the name says otherwise. */
export interface ProbeGap {
  /** The first missing sequence. */
  readonly atSeq: number;
  readonly missingChunks: number;
}

/** A fragment that breaks a rule of the live lane. */
export interface ProbeFault {
  readonly atSeq: number | null;
  readonly rule: string;
}

export interface ProbeLatency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface ProbeReport {
  /** The programme reached this listener whole: no gap, no fault, and it was on air to the last. */
  readonly ok: boolean;
  readonly url: string;
  /** Why there is no sound, as the server said it, or null. */
  readonly refusal: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
  } | null;
  /** From the request to the first whole fragment. */
  readonly joinMs: number | null;
  readonly listenedMs: number;
  readonly connections: number;
  readonly fragments: number;
  readonly firstSeq: number | null;
  readonly nextSeq: number | null;
  /** At most the first hundred of each; the counts are whole. */
  readonly gaps: readonly ProbeGap[];
  readonly gapCount: number;
  readonly faults: readonly ProbeFault[];
  readonly faultCount: number;
  readonly decodedFrames: number;
  readonly snapshots: number;
  /** Of the programme log, as last told; each restart of the programme is a new one. */
  readonly epoch: number | null;
  readonly bytes: number;
  /** What the last connection was given: profile and rendition, as the answer said; null when it did not. */
  readonly lane: string | null;
  /**
   * Arrival wall clock minus the capture of the chunk's first sample, so 200 ms of it are the chunk
   * itself. Of chunks that were pushed, not of those a connection began with. Right where both clocks are.
   */
  readonly latency: ProbeLatency | null;
  /** The longest time without a byte, once joined. */
  readonly longestWaitMs: number;
  /** What a player that began at once with what it was given would have lacked. */
  readonly starvedMs: number;
  /** The space ended while the probe listened. */
  readonly ended: boolean;
}

/** The report for a person. */
export function probeText(report: ProbeReport): string {
  const { refusal } = report;
  const lines = [`${report.ok ? 'whole' : 'NOT WHOLE'}  ${report.url}`];
  if (refusal !== null)
    lines.push(`  refused: ${refusal.status} ${refusal.code}: ${refusal.message}`);
  if (report.fragments > 0) {
    const seconds = report.listenedMs / 1_000;
    lines.push(
      `  joined after ${round(report.joinMs ?? 0)} ms, listened ${seconds.toFixed(1)} s over ${report.connections} connection(s)`,
      `  fragments ${report.fragments} (sequences ${report.firstSeq} to ${(report.nextSeq ?? 0) - 1}), frames decoded ${report.decodedFrames}, snapshots ${report.snapshots}`,
      `  bytes ${report.bytes}, ${report.lane?.replace('&', ', ') ?? 'profile unknown'}, longest wait ${round(report.longestWaitMs)} ms, a player would have lacked ${round(report.starvedMs)} ms`,
    );
  } else if (report.bytes === 0 && report.refusal === null) {
    lines.push('  no byte came: does a server run at this address?');
  } else {
    lines.push('  no fragment came');
  }
  if (report.latency !== null) {
    const { p50Ms, p95Ms, maxMs } = report.latency;
    lines.push(
      `  latency at arrival: p50 ${round(p50Ms)} ms, p95 ${round(p95Ms)} ms, most ${round(maxMs)} ms`,
    );
  }
  lines.push(
    `  gaps ${report.gapCount}, faults ${report.faultCount}${report.ended ? ', the space ended' : ''}`,
  );
  for (const gap of report.gaps)
    lines.push(`    gap: ${gap.missingChunks} chunk(s) from ${gap.atSeq}`);
  for (const fault of report.faults)
    lines.push(`    fault at ${fault.atSeq ?? 'the stream'}: ${fault.rule}`);
  return `${lines.join('\n')}\n`;
}

function round(value: number): number {
  return Math.round(value);
}
