/**
 * Titles and names as they are shown: one line of visible text in NFC. Refused or dropped: control
 * characters, line breaks, and the marks that turn the direction of the text around them (UAX #9), since
 * a name stands inside other people's sentences.
 */

/** C0, C1, separators, bidirectional controls, zero-width no-break space, noncharacters, lone surrogates. */
const UNSHOWN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** The text in one line, NFC, without what must not be shown; empty when nothing visible is left. */
export function plainText(text: string): string {
  const line = text
    .normalize('NFC')
    .replace(/\s/g, ' ')
    .replace(UNSHOWN, '')
    .replace(/ {2,}/g, ' ')
    .trim();
  return /[^\p{M}\p{Cf}\p{Z}]/u.test(line) ? line : '';
}
