import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, errorBody, ParterreError } from './errors.ts';

const DOCUMENT = new URL('../../../docs/api/errors.md', import.meta.url);
const documented = new Map(
  readFileSync(DOCUMENT, 'utf8')
    .split('\n')
    .map((line) => /^\| `(\w+)` \| (.*) \|$/.exec(line))
    .filter((row) => row !== null)
    .map(([, code = '', rest = '']) => [code, rest]),
);

describe('the catalogue of errors', () => {
  it.each(Object.entries(ERRORS))(
    '%s stands in docs/api/errors.md, word for word',
    (code, entry) => {
      const { status, message, remedy } = entry;
      expect(documented.get(code)).toBe(`${status} | ${message} | ${remedy}`);
    },
  );

  it('holds everything that stands in docs/api/errors.md', () => {
    expect([...documented.keys()].filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
  });

  it.each(Object.entries(ERRORS))(
    '%s says in a sentence what happened and what to do',
    (_code, entry) => {
      // A redirection is one too: the sound is not here.
      expect(entry.status).toBeGreaterThanOrEqual(300);
      expect(entry.status).toBeLessThan(600);
      for (const sentence of [entry.message, entry.remedy])
        expect(sentence).toMatch(/^[A-Z`].*\.$/);
    },
  );

  it('travels as a body with a detail only where there is one', () => {
    const code: ErrorCode = 'bad_request';
    const { message, remedy } = ERRORS[code];
    expect(errorBody(code)).toEqual({ error: { code, message, remedy } });
    expect(errorBody(code, 'x').error.detail).toBe('x');
    expect(new ParterreError(code, 'x')).toMatchObject({ code, detail: 'x' });
  });
});
