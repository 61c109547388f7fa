import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Ended, Outcome, OutcomeInventory } from '../test/helpers/job.ts';
import { walk } from './graph.ts';
import type { Site, Verb } from './site.ts';

/** The run said that it is done, and it is. */
export async function checkDone(site: Site, verb: Verb, ended: Ended<Outcome>): Promise<void> {
  assert.equal(ended.exitCode, 0, `${verb} ended with ${ended.exitCode}\n${ended.stderr}`);
  await checkEndState(site, verb);
}

/** What lies there equals what was signed. */
export async function checkEndState(site: Site, verb: Verb): Promise<void> {
  if (verb === 'create') return checkBundle(site);
  const { tags, broken } = await walk(site.target.registry.host);
  assert.deepEqual(broken, [], 'a tag leads to something that is not there');
  for (const [name, digest] of placedTags(site.inventory))
    assert.equal(tags.get(name), digest, name);
}

/** No tag of the target leads to something that is not there, or that was not signed; and no file is half. */
export async function checkNothingHalf(site: Site, verb: Verb): Promise<void> {
  if (verb === 'create') {
    const names = await namesIn(site);
    if (names.includes('sample-1.0.0.tar')) await checkBundleFile(site);
    return;
  }
  const { tags, broken } = await walk(site.target.registry.host);
  assert.deepEqual(broken, [], 'a tag leads to something that is not there');
  const wanted = new Map([...placedTags(site.inventory), [bundleTag, site.inventory.root.digest]]);
  for (const [name, digest] of tags)
    assert.equal(digest, wanted.get(name), `${name} was not signed`);
}

/** A run that did not end well says which class of failure it was, to people and to programs; never that it is our bug. */
export function checkRefused(
  { exitCode, stderr, json }: Ended<Outcome>,
  code: number,
  says: RegExp = /^/,
): void {
  assert.equal(exitCode, code, `ended with ${exitCode}, not ${code}\n${stderr}`);
  const isReadable =
    /^error: \S|^ {2}failed /m.test(stderr) && !/this is a bug|^ +at .*:\d+:\d+/m.test(stderr);
  assert.ok(isReadable, `not a message for people:\n${stderr}`);
  const said = `${stderr}\n${JSON.stringify(json?.errors, undefined, 1)}`;
  assert.ok(says.test(said), `no ${says} in:\n${said}`);
  assert.ok(
    json?.errors.some((error) => error.exitCode === code),
    'no such error in the result',
  );
}

async function checkBundle(site: Site): Promise<void> {
  await checkBundleFile(site);
  const names = await namesIn(site);
  assert.deepEqual(names.toSorted(), ['install.sh', 'sample-1.0.0.tar', 'sample-1.0.0.tar.sha256']);
}

/** Equal input gives equal bytes, so the undisturbed run is the yardstick. */
async function checkBundleFile({ job, sha256 }: Site): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(job.path('out', 'sample-1.0.0.tar')))
    hash.update(chunk);
  assert.equal(hash.digest('hex'), sha256, 'the bundle has other bytes than an undisturbed one');
}

const namesIn = ({ job }: Site): Promise<string[]> => readdir(job.path('out')).catch(() => []);

/** `repository:tag` → digest. */
export function placedTags({ images }: OutcomeInventory): ReadonlyMap<string, string> {
  const tags = images.flatMap(({ digest, placements }) =>
    placements.map(({ reference }) => [pathOf(reference), digest] as const),
  );
  return new Map(tags);
}

/** Where `load` puts the whole bundle first, unless mounts are refused. */
const bundleTag = 'm/bundles/sample:1.0.0';

const pathOf = (reference: string): string => reference.slice(reference.indexOf('/') + 1);
