#!/usr/bin/env node
/** Builds dist/ from src/ and charts/. The same sources give the same bytes, from whatever folder it is run. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licenseText } from './licenses.mjs';
import { packChart } from './pack-chart.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stub = (/** @type {string} */ name) => join(root, 'scripts', 'stubs', `${name}.mjs`);
const httpClient = stub('actions-http-client');

/** Entry → file in dist/. */
const doors = { 'src/cli.ts': 'bundle.js', 'src/action.ts': 'action.js' };

/** Writes every file of dist/ into `folder`, and nothing else stays there. */
export async function buildInto(/** @type {string} */ folder) {
  const bundles = await Promise.all(
    Object.entries(doors).map(([entry, file]) => bundle(entry, file)),
  );
  const chart = packChart(join(root, 'charts'), 'image-swap');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of bundles) writeFileSync(join(folder, file), code);
  chmodSync(join(folder, 'bundle.js'), 0o755);
  writeFileSync(join(folder, 'install.sh'), installScript());
  chmodSync(join(folder, 'install.sh'), 0o755);
  writeFileSync(join(folder, chart.file), chart.bytes);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  const inputs = bundles.flatMap(({ inputs }) => inputs);
  writeFileSync(join(folder, 'licenses.txt'), licenseText(root, inputs));
}

/** One file out of those of src/install/script: main.sh, then the others by name, then the call. */
function installScript() {
  const source = join(root, 'src', 'install', 'script');
  const others = readdirSync(source)
    .filter((name) => name !== 'main.sh')
    .sort();
  const sections = others.map((name) => [
    `# --- ${basename(name, '.sh')} ${'-'.repeat(100 - name.length)}\n`,
    readFileSync(join(source, name), 'utf8'),
  ]);
  const main = readFileSync(join(source, 'main.sh'), 'utf8');
  return [main, ...sections.flat(), 'main "$@"\n'].join('\n');
}

/** @returns the bundle's bytes, and the source files that went in, relative to the root */
async function bundle(entry, file) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    charset: 'ascii',
    legalComments: 'inline',
    metafile: true,
    logLevel: 'warning',
    banner: entry === 'src/cli.ts' ? { js: '#!/usr/bin/env node' } : {},
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    logOverride: { 'empty-import-meta': 'error' },
    alias: {
      '@actions/http-client': httpClient,
      '@actions/http-client/lib/auth': httpClient,
      undici: stub('undici'),
    },
    plugins: [nameAndVersionOnly],
  });
  return { file, code: ascii(outputFiles[0].text), inputs: Object.keys(metafile.inputs) };
}

/** Node reads and parses ASCII faster at every start. esbuild escapes all but comments and regular expressions. */
function ascii(/** @type {string} */ code) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return code.replace(/[^\0-\x7f]/g, escaped);
}

/** Of package.json only what the tool tells of itself, so that a new script does not change dist/. */
const nameAndVersionOnly = {
  name: 'name-and-version-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]package\.json$/ }, ({ path }) => {
      if (path !== join(root, 'package.json')) return undefined;
      const { name, version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildInto(join(root, 'dist')).catch(exitWhenTold);
}

/** esbuild has already shown what is wrong in the sources, with line and column. */
function exitWhenTold(error) {
  if (error.errors === undefined) throw error;
  process.exitCode = 1;
}
