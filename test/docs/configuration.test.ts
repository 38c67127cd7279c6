import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CONFIG_KEYS, flagOf, variableOf } from '../../packages/server/src/app/config.ts';

test('docs/operate/configuration.md lists every key as it is, and no other', () => {
  const text = readFileSync(
    join(import.meta.dirname, '../../docs/operate/configuration.md'),
    'utf8',
  );
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const expected = Object.entries(CONFIG_KEYS).map(([key, spec]) => {
    const fallback = String(spec.fallback);
    return `| \`${key}\` | \`${flagOf(key)}\` | \`${variableOf(key)}\` | ${fallback === '' ? '–' : `\`${fallback}\``} | ${spec.about} |`;
  });
  expect(rows).toEqual(expected);
});
