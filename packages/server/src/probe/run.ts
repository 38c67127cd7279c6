/** The probe as a command: prints its report and says how it went with the exit code. */
import { type ProbeOptions, probe } from './probe.ts';
import { probeText } from './report.ts';

export interface RunProbeOptions extends ProbeOptions {
  /** The report as one line of JSON instead of text. */
  readonly json: boolean;
  readonly write: (text: string) => void;
}

/**
 * @returns 0 when the programme arrived whole, 1 when it did not
 * @throws TypeError for an address without a space
 */
export async function runProbe(options: RunProbeOptions): Promise<0 | 1> {
  const report = await probe(options);
  options.write(options.json ? `${JSON.stringify(report)}\n` : probeText(report));
  return report.ok ? 0 : 1;
}
