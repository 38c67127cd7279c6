/**
 * HTML from pieces. Every text that is put in is escaped, in content and in quoted attributes alike;
 * only what was made by `html` goes in as it is. So nothing that a rehearsal brought along (a server's
 * name, a reason, a scenario) can be markup.
 */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Markup | readonly Markup[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let text = literals[0] ?? '';
  for (const [index, piece] of pieces.entries())
    text += textOf(piece) + (literals[index + 1] ?? '');
  return new Markup(text);
}

/** Text that is markup already because it was written here. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

export const NOTHING = new Markup('');

function textOf(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'number') return String(piece);
  if (typeof piece === 'string') return escaped(piece);
  return piece.map((each) => each.text).join('');
}

function escaped(text: string): string {
  // Control characters have no place in a page, whatever brought them.
  const plain = text.replace(/[\p{Cc}\p{Cs}]/gu, ' ');
  return plain.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? '');
}
