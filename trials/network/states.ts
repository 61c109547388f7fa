import { strict as assert } from 'node:assert';
import { buildImage, pushBlob, pushManifest } from '../../test/helpers/images.ts';
import type { FrontRequest } from '../../test/helpers/proxy.ts';
import { checkDone, checkNothingHalf, checkRefused } from '../checks.ts';
import { isMount, isTagPut, isUploadPut } from '../faults.ts';
import type { Random } from '../random.ts';
import { type Kind, kinds } from '../registries.ts';
import { killedAt } from '../runs.ts';
import { fewImages, type Site, type Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';
import { timesSent } from './bodies.ts';

const sites = new Sites();
const pushing = ['mirror', 'load'] as const;

export const t30: Trial = {
  id: 'T30',
  title:
    'children before parents, the tag last; killed at any request, no tag leads to something incomplete',
  star: false,
  cases: (size) => {
    const ofKind = size === 'full' ? kinds : (['distribution'] as const);
    const orders = ofKind.flatMap((kind) => pushing.map((verb) => orderCase(kind, verb)));
    const kills = Array.from({ length: size === 'full' ? 100 : 6 }, (_, at) => {
      const kind = ofKind[(at >> 1) % ofKind.length] as Kind;
      return killCase(kind, pushing[at % 2] as Verb, at);
    });
    return [...orders, ...kills];
  },
  close: sites.close,
};

function orderCase(kind: Kind, verb: Verb): Case {
  const run = async () => {
    const site = await sites.at(kind);
    await checkDone(site, verb, await site.run(verb));
    checkOrder(site.target.front.requests);
    return survived();
  };
  return { name: `${verb}: the order in which all is put, ${kind}`, run };
}

/** In each repository: nothing after the tag, and no image manifest after an index over it. */
function checkOrder(requests: readonly (FrontRequest & { status: number })[]): void {
  const written = requests.filter(
    (request) => request.status === 201 && /^(?:PUT|POST)$/.test(request.method),
  );
  const indexes = new Set(rootsOfIndexes());
  for (const [repository, puts] of byRepository(written)) {
    assert.ok(isTagPut(puts.at(-1) as FrontRequest), `${repository}: the tag is not last`);
    const manifests = puts.filter(({ path }) => path.includes('/manifests/'));
    const isIndex = ({ path }: FrontRequest) => indexes.has(path.split('/').at(-1) ?? '');
    const children = manifests
      .slice(manifests.findIndex(isIndex) + 1)
      .filter((put) => !isTagPut(put));
    if (manifests.some(isIndex)) assert.deepEqual(children, [], `${repository}: a parent is first`);
  }
}

function byRepository<R extends FrontRequest>(requests: readonly R[]): ReadonlyMap<string, R[]> {
  const found = new Map<string, R[]>();
  for (const request of requests) {
    const name = /^\/v2\/(.+)\/(?:blobs|manifests)\//.exec(request.path)?.[1] ?? '';
    found.set(name, [...(found.get(name) ?? []), request]);
  }
  return found;
}

const rootsOfIndexes = (): string[] =>
  Object.values(fewImages)
    .filter(({ platforms }) => platforms !== undefined)
    .map((options) => buildImage(options).root.digest);

function killCase(kind: Kind, verb: Verb, at: number): Case {
  const run = async (random: Random) => killed(await sites.at(kind), verb, random);
  return { name: `${at + 1}: ${verb} killed, ${kind}`, run, seconds: 120 };
}

/** What was finished when it was killed is not sent again. */
async function killed(site: Site, verb: Verb, random: Random): Promise<Verdict> {
  const { front } = site.target;
  const ended = await killedAt(site, verb, random.below(90), random.pick(['group', 'program']));
  await checkNothingHalf(site, verb);
  const finished = bytesOf(site, timesSent(front));
  await checkDone(site, verb, await site.run(verb));
  const again = bytesOf(site, timesSent(front), 1);
  const share = finished === 0 ? 0 : (100 * again) / finished;
  assert.ok(share <= 5, `${share} % of what was finished was sent again`);
  assert.ok(
    front.requests.some(isUploadPut) || front.requests.some(isMount) || ended.exitCode === 0,
  );
  return survived({ '% sent again': share });
}

/** @param beyond of so many times that a blob was sent nothing counts */
function bytesOf(site: Site, sent: ReadonlyMap<string, number>, beyond = 0): number {
  const sizes = new Map(site.inventory.blobs.map(({ digest, size }) => [digest, size]));
  return [...sent]
    .map(([name, times]) => (times - beyond) * (sizes.get(name.split('@')[1] ?? '') ?? 0))
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** A target in which manifests were left without what they name. */
const poisons: Readonly<Record<string, string>> = {
  'a child of an index lacks its layer': 'quay.io/a/two:1',
  'an untagged image lacks its layer, oras': 'quay.io/a/big:1',
  'an untagged image lacks its layer, ours': 'docker.io/library/one:1',
};

export const t31: Trial = {
  id: 'T31',
  title: 'a manifest that is there without its layer is healed or refused, never taken for done',
  star: false,
  cases: (size) =>
    (size === 'full' ? (['distribution', 'debian'] as const) : (['distribution'] as const)).flatMap(
      (kind) =>
        pushing.flatMap((verb) =>
          Object.entries(poisons).map(([name, image]) => ({
            name: `${verb}: ${name}, ${kind}`,
            run: async () => poisoned(await sites.at(kind), verb, image),
          })),
        ),
    ),
  close: sites.close,
};

async function poisoned(site: Site, verb: Verb, image: string): Promise<Verdict> {
  await poison(site.target.registry.host, image);
  const ended = await site.run(verb);
  if (ended.exitCode === 0) return checkDone(site, verb, ended).then(() => survived());
  checkRefused(ended, 8);
  await checkNothingHalf(site, verb);
  return refused();
}

/** Its manifests, but no index, are in the repository; its largest blob is not any more. */
async function poison(host: string, image: string): Promise<void> {
  const repository = `m/${image.split(':')[0]}`;
  const { manifests, blobs, root } = buildImage(fewImages[image] ?? {});
  for (const bytes of blobs.values()) await pushBlob(host, repository, bytes);
  const isIndex = manifests.length > 1;
  for (const { descriptor, bytes } of manifests)
    if (!isIndex || descriptor.digest !== root.digest)
      await pushManifest(host, repository, descriptor.digest, descriptor.mediaType, bytes);
  const [largest] = [...blobs].toSorted(([, a], [, b]) => b.length - a.length);
  const url = `http://${host}/v2/${repository}/blobs/${largest?.[0]}`;
  const { status } = await fetch(url, { method: 'DELETE' });
  assert.equal(status, 202);
}
