/** The tree as its syntax: every TypeScript file with its imports and its uses of ambient names. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** `Date.now`, `setTimeout`, … as they are used, with the line. */
  readonly ambient: readonly { readonly name: string; readonly line: number }[];
}

const AMBIENT_CALLS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);
const AMBIENT_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'process.env',
  'process.hrtime',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);
const SKIPPED = new Set(['node_modules', 'dist', '.git', 'golden']);

/** All TypeScript files under a folder, tests included. */
export function* sourceFiles(folder: string): Generator<SourceFile> {
  for (const path of filesUnder(join(ROOT, folder))) {
    if (/\.tsx?$/.test(path) && !path.endsWith('.d.ts')) yield readSource(path);
  }
}

export function* filesUnder(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* filesUnder(path);
    } else if (entry.isFile()) yield path;
  }
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const imports = new Set<string>();
  for (const item of module.staticImports) imports.add(item.moduleRequest.value);
  for (const item of module.staticExports) {
    for (const entry of item.entries)
      if (entry.moduleRequest !== null) imports.add(entry.moduleRequest.value);
  }
  const ambient: { name: string; line: number }[] = [];
  const note = (name: string, start: number): void => {
    ambient.push({ name, line: text.slice(0, start).split('\n').length });
  };
  new Visitor({
    ImportExpression(node) {
      if (node.source.type === 'Literal') imports.add(String(node.source.value));
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && AMBIENT_CALLS.has(node.callee.name))
        note(node.callee.name, node.start);
    },
    NewExpression(node) {
      if (
        node.callee.type === 'Identifier' &&
        node.callee.name === 'Date' &&
        node.arguments.length === 0
      )
        note('new Date()', node.start);
    },
    MemberExpression(node) {
      if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return;
      const name = `${node.object.name}.${node.property.name}`;
      if (AMBIENT_MEMBERS.has(name)) note(name, node.start);
    },
  }).visit(program);
  return { path: relative(ROOT, path), text, imports: [...imports], ambient };
}
