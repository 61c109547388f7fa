import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatReference, parseReference } from '../../src/oci/reference.ts';
import type { Random } from '../random.ts';
import { notApplicable, survived, type Trial, type Verdict } from '../trial.ts';

export const references: Trial = {
  id: 'T16',
  title: 'image names are taken and refused as github.com/distribution/reference does',
  star: false,
  cases: (size) => {
    const count = { smoke: 1_000, small: 20_000, full: 100_000 }[size];
    return [{ name: `${count} names`, seconds: 300, run: (random) => compare(count, random) }];
  },
};

async function compare(count: number, random: Random): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-trial-'));
  try {
    const oracle = await build(folder);
    if (oracle === undefined) return notApplicable;
    const names = Array.from({ length: count }, () => nameOf(random));
    const input = names.map((name) => `${JSON.stringify(name)}\n`).join('');
    const answers = execFileSync(oracle, { input, maxBuffer: 2 ** 30 })
      .toString()
      .trim()
      .split('\n');
    assert.equal(answers.length, count);
    const theirs = answers.map((line) => JSON.parse(line) as string);
    for (const [at, name] of names.entries())
      assert.equal(ours(name), theirs[at], JSON.stringify(name));
    const taken = theirs.filter((name) => name !== '').length;
    assert.ok(taken > count / 20, `only ${taken} of ${count} are names`);
    return survived({ names: count, 'taken by both': taken, 'read differently': 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const goMod = `module oracle

go 1.20

require (
	github.com/distribution/reference v0.6.0
	github.com/opencontainers/go-digest v1.0.0
)
`;

/** Undefined where there is no Go, or no module proxy. */
async function build(folder: string): Promise<string | undefined> {
  await copyFile(join(import.meta.dirname, 'reference-oracle.go'), join(folder, 'main.go'));
  await writeFile(join(folder, 'go.mod'), goMod);
  try {
    const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
    execFileSync('go', ['build', '-o', 'oracle', '.'], { cwd: folder, env, stdio: 'ignore' });
    return join(folder, 'oracle');
  } catch {
    return undefined;
  }
}

function ours(name: string): string {
  try {
    return formatReference(parseReference(name));
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

const hosts = [
  'docker.io',
  'index.docker.io',
  'gcr.io',
  'r.example.com:5000',
  'localhost',
  'localhost:5000',
  '[::1]',
  '[2001:db8::1]:5000',
  'host',
  'HOST',
  'a_b.io',
  'xn--7o8h.com',
  'bücher.de',
  '-a.b',
  'a..b',
  '1.2.3.4',
  'h:port',
  'h:',
  '[::1',
  '[fe80::1%25lo]:1',
  'docker.io.',
  'a-.b',
];
const components = [
  'a',
  'library',
  'nginx',
  'a-b',
  'a--b',
  'a---b',
  'a_b',
  'a__b',
  'a.b',
  '0',
  'a___b',
  'a..b',
  'a.-b',
  '-a',
  'a-',
  'A',
  '',
  '.',
  '..',
  'a%2fb',
  'é',
  'a\u200bb',
  'а',
  '$(touch pwned)',
  'x'.repeat(200),
  'ed7c4bf0f0e33e1d9a0a4d1f9a3b5b4b5b7b2c2c6f1a8e0d4c3b2a1908070605',
];
const tags = [
  '',
  '',
  '',
  ':1',
  ':latest',
  ':v1.2-3_4',
  ':',
  ':-x',
  ':.x',
  ':_x',
  ':1:2',
  `:${'t'.repeat(128)}`,
  `:${'t'.repeat(129)}`,
  ':ü',
  ': 1',
  ':1\n',
];
const hex = 'f'.repeat(64);
const digests = [
  '',
  '',
  '',
  '',
  `@sha256:${hex}`,
  `@sha512:${hex}${hex}`,
  `@sha256:${hex.slice(1)}`,
  `@sha256:${hex.toUpperCase()}`,
  `@md5:${hex}`,
  '@',
  `@sha256:${hex}@sha256:${hex}`,
  `@sha512:${hex}`,
];
const anything = [
  '/',
  ':',
  '@',
  '.',
  '-',
  '_',
  '[',
  ']',
  ' ',
  '\t',
  '\n',
  '%',
  '#',
  '?',
  '\\',
  '\u0000',
  '😀',
  'a',
  'B',
  '0',
];

/** Half of them are of the first, good, parts of each list; some have something put in somewhere. */
function nameOf(random: Random): string {
  if (random.chance(0.1))
    return Array.from({ length: random.below(12) }, () => random.pick(anything)).join('');
  const isOdd = random.chance(0.5);
  const part = <T>(all: readonly T[], good: number) =>
    random.pick(isOdd ? all : all.slice(0, good));
  const path = Array.from({ length: 1 + random.below(3) }, () => part(components, 10));
  const host = random.chance(0.6) ? [part(hosts, 8)] : [];
  const name = `${[...host, ...path].join('/')}${part(tags, 6)}${part(digests, 6)}`;
  if (!random.chance(0.2)) return name;
  const at = random.below(name.length + 1);
  return name.slice(0, at) + random.pick(anything) + name.slice(at + random.below(2));
}
