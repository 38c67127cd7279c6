/** `npm run bench [-- flags and names]`: installs, and measures what bench/README.md lists. */
import { join } from 'node:path';
import { become, buildNative, install, pinnedNode, root } from './pinned.mjs';

install();
buildNative();
become(pinnedNode(), [join(root, 'bench', 'main.ts'), ...process.argv.slice(2)]);
