/** Compiles the program for publishing: one entry, this workspace's packages inside, npm's outside. */
import { builtinModules } from 'node:module';
import { defineConfig } from 'vite';

const OWN = /^@parterre\//;

export default defineConfig({
  build: {
    ssr: 'src/app/main.ts',
    outDir: 'dist',
    target: 'node26',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      external: (id) =>
        builtinModules.includes(id) ||
        id.startsWith('node:') ||
        (/^[a-z@]/i.test(id) && !OWN.test(id) && !id.startsWith('src/')),
      output: { entryFileNames: 'main.js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  ssr: { noExternal: [OWN] },
});
