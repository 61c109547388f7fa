#!/usr/bin/env node
/**
 * Runs a TypeScript file: `node scripts/run-ts.mjs FILE [ARGUMENT…]`. Node 20 cannot by itself.
 * Own sources become one file under node_modules/.cache, packages are imported as they are;
 * `import.meta.dirname`, `.filename` and `.url` stay those of the source file.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, 'node_modules', '.cache', 'airgap-bundle');

async function main(file, rest) {
  const outfile = join(cache, `${basename(file, '.ts')}-${process.pid}.mjs`);
  mkdirSync(cache, { recursive: true });
  process.on('exit', () => rmSync(outfile, { force: true }));
  await bundle(resolve(file), outfile);
  process.setSourceMapsEnabled(true);
  process.argv = [process.argv[0], resolve(file), ...rest];
  await import(pathToFileURL(outfile).href);
}

async function bundle(entry, outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
    logLevel: 'warning',
    plugins: [ownImportMeta],
  });
}

const ownImportMeta = {
  name: 'own-import-meta',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        loader: 'ts',
        target: 'node20',
        sourcefile: path,
        sourcemap: 'inline',
        define: {
          'import.meta.dirname': JSON.stringify(dirname(path)),
          'import.meta.filename': JSON.stringify(path),
          'import.meta.url': JSON.stringify(pathToFileURL(path).href),
        },
      });
      return { contents: code, loader: 'js' };
    });
  },
};

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run-ts.mjs FILE [ARGUMENT…]');
  process.exit(2);
}
await main(file, rest);
