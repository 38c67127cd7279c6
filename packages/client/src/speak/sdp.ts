/**
 * The parameters of Opus in a session description (RFC 7587 §6.1). A receiver states what it wants to
 * get, so that in the stage's offer they govern what this browser sends, and in the answer what it gets.
 */

/** Values by name, as they stand in `a=fmtp`. */
export type OpusParameters = Readonly<Record<string, string | number>>;

const LINE = /\r\n|\n/;

/** The description with the parameters set for every Opus format, those already there replaced. */
export function withOpusParameters(sdp: string, parameters: OpusParameters): string {
  const lines = sdp.split(LINE);
  const formats = new Set<string>();
  for (const line of lines) {
    const format = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1];
    if (format !== undefined) formats.add(format);
  }
  const out: string[] = [];
  const described = new Set<string>();
  for (const section of sectionsOf(lines)) {
    described.clear();
    for (const line of section) {
      const [, format, values] = /^a=fmtp:(\d+) (.*)$/.exec(line) ?? [];
      if (format !== undefined && values !== undefined && formats.has(format)) {
        described.add(format);
        out.push(`a=fmtp:${format} ${merge(values, parameters)}`);
      } else {
        out.push(line);
      }
    }
    addMissing(out, section, described, parameters);
  }
  return out.join('\r\n');
}

/** The lines cut before each `m=`, so that one format number may mean different things in two sections. */
function sectionsOf(lines: readonly string[]): string[][] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)!.push(line);
  }
  return sections;
}

function addMissing(
  out: string[],
  section: readonly string[],
  described: ReadonlySet<string>,
  parameters: OpusParameters,
): void {
  for (const line of section) {
    const format = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1];
    if (format === undefined || described.has(format)) continue;
    const at = out.lastIndexOf(line);
    out.splice(at + 1, 0, `a=fmtp:${format} ${merge('', parameters)}`);
  }
}

function merge(values: string, parameters: OpusParameters): string {
  const all = new Map<string, string>();
  for (const pair of values.split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name) all.set(name, value ?? '');
  }
  for (const [name, value] of Object.entries(parameters)) all.set(name, String(value));
  return [...all].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
}
