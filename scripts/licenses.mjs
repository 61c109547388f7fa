import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What dist/licenses.txt says: every package with code in the bundles, with its licence's text.
 *
 * @param {string} root folder of node_modules
 * @param {Iterable<string>} inputs source files of the bundles, relative to `root`
 */
export function licenseText(root, inputs) {
  const folders = new Set([...inputs].map(packageFolder).filter((folder) => folder !== undefined));
  const packages = [...folders].map((folder) => describe(join(root, folder)));
  const unique = new Map(packages.map((entry) => [entry.title, entry]));
  return [...unique.values()]
    .sort((a, b) => (a.title < b.title ? -1 : 1))
    .map(({ title, license, text }) => `${title}\n${license}\n\n${text.trim()}\n`)
    .join(`\n${'-'.repeat(72)}\n\n`);
}

/** `node_modules/a/node_modules/@b/c/index.js` → `node_modules/a/node_modules/@b/c` */
function packageFolder(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function describe(folder) {
  const pkg = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const title = `${pkg.name} ${pkg.version}`;
  const license = typeof pkg.license === 'string' ? pkg.license : undefined;
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^licen[cs]e/i.test(name));
  if (license === undefined && file === undefined) throw new Error(`${title} has no licence`);
  const text =
    file === undefined ? '(no licence text in the package)' : readText(join(folder, file));
  return { title, license: license ?? 'see the text', text };
}

const readText = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
