/** `npm start [-- flags]`: installs, builds the pages, and starts everything. */
import { join } from 'node:path';
import { become, buildNative, buildPages, install, pinnedNode, root } from './pinned.mjs';

install();
buildPages();
buildNative();
const words = process.argv.slice(2);
const command = words.length > 0 && !words[0].startsWith('-') ? words : ['serve', ...words];
become(pinnedNode(), [join(root, 'packages', 'server', 'src', 'app', 'main.ts'), ...command]);
