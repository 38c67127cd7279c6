/**
 * The checksum of an Ogg page (RFC 3533 §6, field 7): CRC-32 with the polynomial 0x04c11db7, most
 * significant bit first, no inversion, over the whole page with the checksum field as zero.
 */
const POLYNOMIAL = 0x04c1_1db7;
const CHECKSUM_AT = 22;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ (value < 0 ? POLYNOMIAL : 0);
  return value >>> 0;
});

/** The checksum that belongs into `page`, whatever stands in its checksum field now. */
export function pageChecksum(page: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < page.length; index += 1) {
    const masked = index >= CHECKSUM_AT && index < CHECKSUM_AT + 4;
    const byte = masked ? 0 : page[index]!;
    sum = (sum << 8) ^ TABLE[(sum >>> 24) ^ byte]!;
  }
  return sum >>> 0;
}
