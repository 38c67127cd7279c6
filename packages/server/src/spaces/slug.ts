/**
 * A space's address from its title, in any language: Latin, Greek and Cyrillic letters are written in
 * a–z, everything else separates. A title that leaves less than three letters gets a random address.
 * Invariant: whatever comes out fits SPACE_ID and is never a reserved word.
 */
import { RESERVED_SPACE_IDS, SPACE_ID } from '@parterre/protocol';

const LENGTH_MAX = 48;
const RANDOM_LENGTH = 8;
const NUMBERED_MAX = 9;

/** Letters that do not fall apart into a base letter and marks (NFKD). */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ŋ: 'ng',
  α: 'a',
  β: 'v',
  γ: 'g',
  δ: 'd',
  ε: 'e',
  ζ: 'z',
  η: 'i',
  θ: 'th',
  ι: 'i',
  κ: 'k',
  λ: 'l',
  μ: 'm',
  ν: 'n',
  ξ: 'x',
  ο: 'o',
  π: 'p',
  ρ: 'r',
  σ: 's',
  ς: 's',
  τ: 't',
  υ: 'y',
  φ: 'f',
  χ: 'ch',
  ψ: 'ps',
  ω: 'o',
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'g',
  ґ: 'g',
  д: 'd',
  е: 'e',
  є: 'ye',
  ж: 'zh',
  з: 'z',
  и: 'i',
  і: 'i',
  ј: 'j',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'kh',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'shch',
  ъ: '',
  ы: 'y',
  ь: '',
  э: 'e',
  ю: 'yu',
  я: 'ya',
  ђ: 'dj',
  љ: 'lj',
  њ: 'nj',
  ћ: 'c',
  џ: 'dz',
};

/** The address a title asks for, or null when too little of it can be written in a–z. */
export function slugOf(title: string): string | null {
  let slug = '';
  for (const letter of title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\p{M}'’]/gu, '')) {
    slug += LETTERS[letter] ?? (/[a-z0-9]/.test(letter) ? letter : '-');
    if (slug.length > LENGTH_MAX) break;
  }
  const trimmed = shortened(slug.replace(/-+/g, '-').replace(/^-/, '')).replace(/-$/, '');
  return SPACE_ID.test(trimmed) ? trimmed : null;
}

/**
 * Addresses to try in turn, the best first; a reserved word is passed over.
 * @param random unpredictable bytes; the last address is as good as never taken
 */
export function* slugCandidates(
  title: string,
  random: (count: number) => Uint8Array,
): Generator<string> {
  const base = slugOf(title);
  if (base !== null) {
    if (!RESERVED_SPACE_IDS.has(base)) yield base;
    for (let number = 2; number <= NUMBERED_MAX; number++) yield `${base}-${number}`;
  }
  yield `${base ?? 'space'}-${randomLetters(random)}`;
}

/** Cut at a word where that leaves more than half. */
function shortened(slug: string): string {
  if (slug.length <= LENGTH_MAX) return slug;
  const cut = slug.slice(0, LENGTH_MAX);
  const word = cut.lastIndexOf('-');
  return word > LENGTH_MAX / 2 ? cut.slice(0, word) : cut;
}

/** 32 letters and digits without those that are misread: five bits each. */
function randomLetters(random: (count: number) => Uint8Array): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  return Array.from(random(RANDOM_LENGTH), (byte) => alphabet[byte & 31]).join('');
}
