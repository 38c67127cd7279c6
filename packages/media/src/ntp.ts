/**
 * NTP timestamps (RFC 5905 §6): 32 bits of seconds since 1900 and 32 bits of fraction, as `prft` boxes
 * and RTCP sender reports carry them. Seconds wrap in 2036; a value is read in the era that puts it
 * between 1970 and 2106.
 */
const UNIX_EPOCH_IN_NTP_S = 2_208_988_800;
const TWO_32 = 0x1_0000_0000;

/** Writes milliseconds since the Unix epoch as eight bytes. */
export function setNtp(view: DataView, offset: number, unixMs: number): void {
  let seconds = Math.floor(unixMs / 1000);
  let fraction = Math.round(((unixMs - seconds * 1000) * TWO_32) / 1000);
  if (fraction === TWO_32) {
    seconds += 1;
    fraction = 0;
  }
  view.setUint32(offset, (seconds + UNIX_EPOCH_IN_NTP_S) % TWO_32);
  view.setUint32(offset + 4, fraction);
}

/** Reads eight bytes as milliseconds since the Unix epoch, to the microsecond. */
export function getNtp(view: DataView, offset: number): number {
  const field = view.getUint32(offset);
  const seconds = field - UNIX_EPOCH_IN_NTP_S + (field < UNIX_EPOCH_IN_NTP_S ? TWO_32 : 0);
  const micros = Math.round((view.getUint32(offset + 4) * 1_000_000) / TWO_32);
  return seconds * 1000 + micros / 1000;
}
