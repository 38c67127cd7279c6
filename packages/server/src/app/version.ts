/** The version of this program, from its own package.json. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Walks up from this file to the package's package.json: the same in the repository and compiled. */
export function version(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === 'parterre' && manifest.version !== undefined) return manifest.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('The package.json of parterre is missing; install it again.');
}
