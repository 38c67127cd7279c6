/** Where the files lie that come with the program, in the repository and in the compiled package. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this package's package.json. */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (
      existsSync(manifest) &&
      (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'parterre'
    )
      return folder;
  }
  throw new Error('The package.json of parterre is missing; install it again.');
}

/** The built pages: beside the compiled program, or where the repository builds them. */
export function pagesRoot(): string {
  const compiled = import.meta.filename.endsWith('.js');
  return compiled ? join(packageRoot(), 'dist', 'web') : join(packageRoot(), '..', 'web', 'dist');
}

/** A file of `packages/server/assets`. */
export function assetPath(name: string): string {
  return join(packageRoot(), 'assets', name);
}
