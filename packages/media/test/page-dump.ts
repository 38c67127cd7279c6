/** Ogg pages as text a person can read and a golden file can hold (RFC 3533 §6). */
import { readable } from './box-dump.ts';

export function dumpPages(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const flags = view.getUint8(at + 5);
    const names = ['continued', 'begin', 'end'].filter((_, bit) => (flags & (1 << bit)) !== 0);
    const segments = view.getUint8(at + 26);
    const lacing = [...bytes.subarray(at + 27, at + 27 + segments)];
    const bodyAt = at + 27 + segments;
    const end = lacing.reduce((sum, value) => sum + value, bodyAt);
    lines.push(
      `[${readable(bytes.subarray(at, at + 4))}] at ${at}, ${end - at} bytes`,
      `  version = ${view.getUint8(at + 4)}`,
      `  flags = ${flags} ${names.join(' ')}`.trimEnd(),
      `  granule = ${view.getBigInt64(at + 6, true)}`,
      `  serial = ${view.getUint32(at + 14, true)}`,
      `  page_sequence = ${view.getUint32(at + 18, true)}`,
      `  crc = 0x${view
        .getUint32(at + 22, true)
        .toString(16)
        .padStart(8, '0')}`,
      `  lacing = ${lacing.join(' ')}`,
      `  body = ${readable(bytes.subarray(bodyAt, end))}`,
    );
    at = end;
  }
  return `${lines.join('\n')}\n`;
}
