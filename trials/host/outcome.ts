import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { fetched } from '../../test/e2e/killed.ts';
import type { Site } from '../site.ts';

const name = 'sample-1.0.0.tar';

/** What `create` puts into a folder: of one file or of parts, over nothing or over an older bundle of that name. */
export interface Shape {
  readonly flags: readonly string[];
  /** Folder of the job with the files of the older one. */
  readonly older?: string;
}

/** The older bundle is copied to where the next one comes. */
export async function putOlder({ job }: Site, { older }: Shape): Promise<void> {
  if (older !== undefined) await cp(job.path(older), job.path('out'), { recursive: true });
}

/** SHA-256 of the bundle in a folder, its parts one after the other; undefined where none is whole. */
export async function sumOf({ job }: Site, folder = 'out'): Promise<string | undefined> {
  const parts = await filesOf(job.path(folder));
  if (parts.length === 0) return undefined;
  const hash = createHash('sha256');
  for (const file of parts) hash.update(await readFile(job.path(folder, file)));
  return hash.digest('hex');
}

/** As the program reads a bundle: the one file, else its parts from the first on. */
async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  if (names.includes(name)) return [name];
  const parts = names.filter((one) => /\.tar\.\d{3}$/.test(one)).sort();
  return parts[0] === `${name}.001` ? parts : [];
}

/**
 * Nothing there lies: what can be read as a bundle is the older one or the new one, and a checksum that lies there is
 * that of the files beside it.
 */
export async function checkNoLie(site: Site, sums: readonly (string | undefined)[]): Promise<void> {
  const folder = site.job.path('out');
  const found = await sumOf(site);
  if (found !== undefined) assert.ok(sums.includes(found), 'a bundle that nobody made');
  const text = await readFile(`${folder}/${name}.sha256`, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  for (const line of text.trimEnd().split('\n')) {
    const [sum, file = ''] = line.split('  ');
    const bytes = await readFile(`${folder}/${file}`);
    assert.equal(
      createHash('sha256').update(bytes).digest('hex'),
      sum,
      `${file}: not its checksum`,
    );
  }
}

/** The new one is there, with its checksum and install.sh, and nothing else. */
export async function checkMade(site: Site): Promise<void> {
  assert.equal(await sumOf(site), site.sha256, 'other bytes than an undisturbed run makes');
  await checkNoLie(site, [site.sha256]);
  const there = (await readdir(site.job.path('out'))).sort();
  const expected = [...(await filesOf(site.job.path('out'))), `${name}.sha256`, 'install.sh'];
  assert.deepEqual(there, expected.sort(), 'not the files of one bundle');
}

/** Digests of the blobs that are finished in what a run has left, and of those in a bundle that is in its place. */
export async function finished(site: Site): Promise<ReadonlySet<string>> {
  const out = site.job.path('out');
  if ((await sumOf(site)) === site.sha256) return digests(await wholeOf(out));
  const hidden = (await readdir(out).catch((): string[] => [])).filter((one) =>
    one.includes('.partial-'),
  );
  const found = await Promise.all(hidden.map((one) => wholeOf(`${out}/${one}`)));
  return digests(found.join(''));
}

/** Headers name blobs as nothing else does. */
function digests(text: string): ReadonlySet<string> {
  const names = text.matchAll(/blobs\/sha256\/([0-9a-f]{64})/g);
  return new Set([...names].map(([, hex]) => `sha256:${hex}`));
}

async function wholeOf(folder: string): Promise<string> {
  const isOurs = (one: string) => /^sample-1\.0\.0\.tar(\.\d{3})?$/.test(one);
  const names = (await readdir(folder)).filter(isOurs).sort();
  const texts = await Promise.all(names.map((one) => readFile(`${folder}/${one}`, 'latin1')));
  return texts.join('');
}

/** Percent of the finished bytes that were asked for once more. */
export function askedAgain(site: Site, done: ReadonlySet<string>): number {
  const sizes = new Map(site.inventory.blobs.map(({ digest, size }) => [digest, size]));
  const sum = (all: Iterable<string>) =>
    [...all].reduce((total, digest) => total + (sizes.get(digest) ?? 0), 0);
  const again = new Set(fetched(site.source.front.requests).filter((digest) => done.has(digest)));
  return done.size === 0 ? 0 : (100 * sum(again)) / sum(done);
}
