/** The layer table of ARCHITECTURE.md, enforced. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, type SourceFile, sourceFiles } from './source.ts';

interface Layer {
  readonly name: string;
  readonly folder: string;
  readonly mayImport: ReadonlySet<string>;
}

const layers = readTable(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'));
const files = [...sourceFiles('packages')];
const PACKAGES: Readonly<Record<string, string>> = {
  '@parterre/protocol': 'protocol',
  '@parterre/media': 'media',
  '@parterre/client': 'client',
  '@parterre/rehearsal': 'rehearsal',
  '@parterre/sim': 'sim',
};

describe('layers', () => {
  test('the table names every folder that holds source, and nothing else', () => {
    expect(layers.length).toBeGreaterThan(10);
    const homeless = files
      .filter((file) => layerOf(file.path) === undefined)
      .map((file) => file.path);
    expect(homeless.filter((path) => !/\/(dev\/|vite\.config\.ts$)/.test(path))).toEqual([]);
    for (const layer of layers) {
      expect(
        files.some((file) => file.path.startsWith(`${layer.folder}/`)),
        `${layer.folder} holds source`,
      ).toBe(true);
    }
  });

  test('a module imports only what its row allows', () => {
    const offences: string[] = [];
    for (const { file, from, to, specifier } of crossings()) {
      if (
        isTest(file) &&
        (to.name === 'adapters' || to.name === 'media' || to.name === 'ports' || to.name === 'sim')
      )
        continue;
      if (!from.mayImport.has(to.name))
        offences.push(`${file.path}: ${from.name} may not import ${to.name} (${specifier})`);
    }
    expect(offences).toEqual([]);
  });

  test('an import across modules goes to the module’s own entry, not to its insides', () => {
    const offences: string[] = [];
    for (const { file, to, specifier, target } of crossings()) {
      if (target === null || to.name === 'ports' || to.name === 'adapters') continue;
      if (target !== `${to.folder}/index.ts`) offences.push(`${file.path}: ${specifier}`);
    }
    expect(offences).toEqual([]);
  });

  test('adapters are named in app, in tests and in benches alone', () => {
    const offences = [...crossings()]
      .filter(
        ({ file, from, to }) => to.name === 'adapters' && from.name !== 'app' && !isTest(file),
      )
      .map(({ file }) => file.path);
    expect(offences).toEqual([]);
  });

  test('no file imports itself by a detour', () => {
    expect(cycles()).toEqual([]);
  });

  test('time, randomness and environment enter through ports', () => {
    const offences: string[] = [];
    for (const file of files) {
      const free = /^packages\/(client|web)\/|\/adapters\/system\/|\/src\/app\//.test(file.path);
      if (free || isTest(file)) continue;
      for (const { name, line } of file.ambient) offences.push(`${file.path}:${line} ${name}`);
    }
    expect(offences).toEqual([]);
  });
});

function isTest(file: SourceFile): boolean {
  return /\.(test|contract|fixture)\.tsx?$|\/(test|dev|testing)\//.test(file.path);
}

function readTable(markdown: string): Layer[] {
  const rows = markdown
    .split('\n')
    .map((line) => /^\| (\w+) \| (packages\/\S+) \| ?([^|]*) ?\|$/.exec(line));
  return rows
    .filter((row) => row !== null)
    .map(([, name = '', folder = '', list = '']) => ({
      name,
      folder,
      mayImport: new Set(
        list
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== ''),
      ),
    }));
}

function layerOf(path: string): Layer | undefined {
  return layers
    .filter((layer) => path.startsWith(`${layer.folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

/** The file an import leads to, from the root; null when it is another package. */
function targetOf(file: SourceFile, specifier: string): string | null {
  return specifier.startsWith('.') ? normalize(join(dirname(file.path), specifier)) : null;
}

function* crossings(): Generator<{
  file: SourceFile;
  from: Layer;
  to: Layer;
  specifier: string;
  target: string | null;
}> {
  for (const file of files) {
    const from = layerOf(file.path);
    if (from === undefined) continue;
    for (const specifier of file.imports) {
      const target = targetOf(file, specifier);
      const named = layers.find(
        (layer) => layer.name === PACKAGES[specifier.split('/').slice(0, 2).join('/')],
      );
      const to = target === null ? named : layerOf(target);
      if (to !== undefined && to !== from) yield { file, from, to, specifier, target };
    }
  }
}

/** Each cycle of relative imports, once, as the paths along it. Type-only cycles count as well. */
function cycles(): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    const file = byPath.get(path);
    for (const specifier of file?.imports ?? []) {
      const target = file === undefined ? null : targetOf(file, specifier);
      if (target !== null && byPath.has(target)) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const file of files) visit(file.path, []);
  return found;
}
