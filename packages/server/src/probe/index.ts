/** The probe: a headless listener that says whether the programme arrives whole. */
export { liveUrl, type ProbeOptions, probe } from './probe.ts';
export {
  type ProbeFault,
  type ProbeGap,
  type ProbeLatency,
  type ProbeReport,
  probeText,
} from './report.ts';
export { type RunProbeOptions, runProbe } from './run.ts';
