import { copyFile, open } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BundleDiff } from '../../src/commands/diff.ts';
import type { RegistryDiff } from '../../src/commands/diff-registry.ts';
import { requestsOf } from '../helpers/ask.ts';
import { buildImage, pushImage, type SampleImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, section, startKeyedJob } from '../helpers/job.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

const images = ['nginx:1', 'quay.io/a/b:1'];
const shared = 'a layer that all of them have';
const trusted = ['--key', 'bundle.pub'];
const [older, newer] = ['out/sample-1.0.0.tar', 'out/sample-1.1.0.tar'];
const large = Buffer.alloc(3 * 1024 ** 2, 'a large layer');

let source: TestRegistry;
let target: TestRegistry;
let job: Job;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  await job.done('keygen', '--out', 'other.key');
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});
beforeEach(async () => {
  target = await startRegistry();
  await pushImage(source.host, 'docker.io/library/nginx', '1', {
    layers: [shared, 'n'],
    platforms: ['linux/amd64', 'linux/arm64'],
  });
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b'] });
  await pushImage(source.host, 'quay.io/a/b', '2', { layers: [shared, large] });
});
afterEach(() => target.stop());

async function create(version: string, fields: object = {}, ...argv: string[]): Promise<Outcome> {
  const registries = reached(source.host, target.host);
  const sequence = Number(version.split('.')[1]) + 1;
  await job.bundle(target.host, { images, version, sequence, registries, ...fields });
  return job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...argv);
}
const diff = (...argv: string[]) => job.done<BundleDiff>('diff', ...argv);
const says = async (...argv: string[]) => (await job.run('diff', ...argv)).stdout;
const moveTag = () =>
  pushImage(source.host, 'quay.io/a/b', '1', { layers: [shared, 'b, changed'] });
const sizeOf = ({ inventory: { blobs } }: Outcome, not?: Outcome) => {
  const known = new Set(not?.inventory.blobs.map(({ digest }) => digest));
  return blobs.filter(({ digest }) => !known.has(digest)).reduce((sum, { size }) => sum + size, 0);
};
const digestOf = ({ inventory }: Outcome, name: string) =>
  inventory.images.find((image) => image.source === name)?.digest;

describe('two bundles', () => {
  test('that hold the same under two versions are the same', async () => {
    await create('1.0.0');
    const made = await create('1.1.0');
    const found = await diff(older, newer, ...trusted);
    expect(found).toMatchObject({
      same: true,
      from: { name: 'sample', version: '1.0.0', sequence: 1, verified: true, carries: 'all' },
      to: { name: 'sample', version: '1.1.0', sequence: 2, verified: true, images: 2 },
      images: { added: [], removed: [], moved: [], unchanged: 2 },
      secretKeys: [],
      bytes: { carried: 0, shared: sizeOf(made), dropped: 0 },
    });
    const text = await says(older, newer, ...trusted);
    expect(text).toContain('both install the same\n2 images unchanged; 0 B to carry\n');
    expect(text).not.toContain('added');
  });

  test('as one HTML document on standard output', async () => {
    await create('1.0.0');
    await create('1.1.0', { images: ['nginx:1'] });
    const { stdout, exitCode } = await job.run(
      'diff',
      older,
      newer,
      ...trusted,
      '--output',
      'html',
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^<!DOCTYPE html>[\s\S]*<h1>sample: 1\.0\.0 to 1\.1\.0<\/h1>[\s\S]*<\/html>$/,
    );
    expect(stdout).toMatch(/1 image removed, 1 unchanged; \d+ B to carry/);
    const against = await job.run('diff', newer, ...trusted, '--registry', '--output', 'html');
    expect(against.stdout).toContain(`<h1>${target.host}/m to sample 1.1.0</h1>`);
    expect(against.stdout).toContain('1 image lacking;');
  });

  test('one image comes for another, and one tag has moved', async () => {
    const before = await create('1.0.0', { images: [...images, 'quay.io/a/b:2'] });
    await moveTag();
    await pushImage(source.host, 'quay.io/a/b', '3', { layers: [shared, large, 'more'] });
    const after = await create('1.1.0', { images: [...images, 'quay.io/a/b:3'] });
    const found = await diff(older, newer, ...trusted);
    expect(found.same).toBe(false);
    expect(found.images).toMatchObject({
      added: [
        {
          source: 'quay.io/a/b:3',
          digest: digestOf(after, 'quay.io/a/b:3'),
          replaces: 'quay.io/a/b:2',
        },
      ],
      removed: [{ source: 'quay.io/a/b:2', digest: digestOf(before, 'quay.io/a/b:2') }],
      moved: [
        {
          source: 'quay.io/a/b:1',
          from: digestOf(before, 'quay.io/a/b:1'),
          to: digestOf(after, 'quay.io/a/b:1'),
          cause: 'tag',
        },
      ],
      unchanged: 1,
    });
    const reference = (tag: string) => `${target.host}/m/quay.io/a/b:${tag}`;
    expect(found.placements).toMatchObject({
      added: [{ reference: reference('3') }],
      removed: [{ reference: reference('2') }],
      moved: [{ reference: reference('1') }],
    });
    expect(found.bytes.carried).toBe(sizeOf(after, before));
    expect(found.bytes.dropped).toBe(sizeOf(before, after));
    expect(found.bytes.shared).toBeGreaterThan(large.length);
    const text = await says(older, newer, ...trusted);
    expect(text).toMatch(/^1 image added, 1 removed, 1 moved, 1 unchanged; [\d.]+ KiB to carry$/m);
    expect(text).toMatch(/^ {2}quay\.io\/a\/b:3 .* in place of quay\.io\/a\/b:2$/m);
    expect(text).toMatch(/^ {2}quay\.io\/a\/b:1 +sha256:\w{12} +to sha256:\w{12}$/m);
    expect(text).not.toContain('references');
  });

  test('fewer platforms of an image that has not moved', async () => {
    await create('1.0.0');
    await create('1.1.0', { platforms: ['linux/amd64'] });
    const found = await diff(older, newer, ...trusted);
    expect(found.images.moved).toMatchObject([
      {
        source: 'nginx:1',
        cause: 'platforms',
        platforms: { from: ['linux/amd64', 'linux/arm64'], to: ['linux/amd64'] },
      },
    ]);
    expect(found.platforms).toEqual({ from: [], to: ['linux/amd64'] });
    expect(found.bytes.dropped).toBeGreaterThan(0);
    const text = await says(older, newer, ...trusted);
    expect(text).toContain('the same at its source, linux/amd64,linux/arm64 to linux/amd64\n');
    expect(text).toContain('all platforms to linux/amd64');
  });

  test('a delta carries what the bundle that it builds on lacks', async () => {
    const whole = await create('1.0.0');
    await moveTag();
    const delta = await create('1.1.0', {}, '--since', older);
    const found = await diff(older, newer, ...trusted);
    expect(found.to).toMatchObject({ carries: 'delta', base: { version: '1.0.0' } });
    expect(found.images).toMatchObject({ moved: [{ source: 'quay.io/a/b:1' }], unchanged: 1 });
    expect(found.bytes.carried).toBe(sizeOf(delta, whole));
    const full = await create('1.1.0');
    expect(found.bytes).toEqual((await diff(older, newer, ...trusted)).bytes);
    expect(sizeOf(full)).toBeGreaterThan(sizeOf(delta));
  });

  test('whether a delta builds on the first one is said', async () => {
    await create('1.0.0');
    await create('1.1.0');
    await create('1.2.0', {}, '--since', older);
    const third = 'out/sample-1.2.0.tar';
    expect(await says(older, third)).toContain('builds on sample 1.0.0, sequence 1, which is the');
    expect(await says(newer, third)).toContain('sequence 1, which is NOT the first one here');
  });

  test.each([
    [[], ['--without-images'], 'second'],
    [['--without-images'], [], 'first'],
  ])('of a light bundle no bytes are known: %j and %j', async (before, after, which) => {
    await create('1.0.0', {}, ...before);
    await create('1.1.0', {}, ...after);
    expect(await diff(older, newer, ...trusted)).toMatchObject({
      same: true,
      bytes: { carried: null, shared: null, dropped: null },
    });
    const text = await says(older, newer, ...trusted);
    expect(text).toContain(
      `how much is to carry cannot be known: the ${which} bundle is a light one`,
    );
  });

  test('in parts', async () => {
    const fields = { images: ['quay.io/a/b:2'] };
    await create('1.0.0', fields, '--split-size', '1MiB');
    await create('1.1.0', fields);
    const found = await diff(`${older}.001`, newer, ...trusted);
    expect(found).toMatchObject({ same: true, from: { verified: true, version: '1.0.0' } });
    expect(await diff(older, newer)).toMatchObject({ same: true, from: { verified: false } });
  });

  test('the target: endpoint stays, path and map change, and the Secret with them', async () => {
    await create('1.0.0');
    const { host } = target;
    await create('1.1.0', {
      ociImageRegistry: {
        ...section(host),
        baseContentPath: 'n',
        insecureSkipVerify: true,
        mirrorRegistries: `docker.io::${host}/n/docker.io,quay.io::${host}/n/quay.io,gcr.io::${host}/n`,
      },
    });
    const found = await diff(older, newer, ...trusted);
    expect(found.target.changed.map(({ field }) => field)).toEqual([
      'baseContentPath',
      'insecureSkipVerify',
    ]);
    expect(found.target.map).toMatchObject({
      added: [{ key: 'gcr.io', value: `${host}/n` }],
      changed: [{ key: 'docker.io' }, { key: 'quay.io' }],
    });
    expect(found.files.changed).toContain('registry-secret.yaml');
    expect(found.secretKeys).toEqual(['BASE_PATH', 'INSECURE', 'MIRROR_REGISTRIES']);
    expect(found.images.unchanged).toBe(2);
    expect(found.placements).toMatchObject({ unchanged: 0, moved: [] });
    const text = await says(older, newer, ...trusted);
    expect(text).toMatch(/insecureSkipVerify +false +to true +CERTIFICATES ARE NO LONGER CHECKED/);
    expect(text).toMatch(/registry-secret.yaml +BASE_PATH, INSECURE, MIRROR_REGISTRIES/);
    expect(text).toMatch(/^references removed \(load leaves them in the registry\)$/m);
  });

  test('a credential in clear text is named, and never shown', async () => {
    await create('1.0.0');
    const how = { env: { AIRGAP_BUNDLE_PASSWORD: 'pull-secret-5' } };
    const registries = reached(source.host, target.host);
    const fields = { images, version: '1.1.0', sequence: 2, registries, credentials: 'embed' };
    await job.bundle(target.host, fields);
    const made = await job.runWith(
      how,
      ...['create', '-f', 'bundle.yaml', '-o', 'out', '--username', 'puller'],
    );
    expect(made.exitCode).toBe(0);
    const ended = await job.run<BundleDiff>('diff', older, newer, ...trusted, '--output', 'json');
    expect(ended.json).toMatchObject({
      same: false,
      credentials: { from: null, to: 'embed' },
      files: { added: ['credentials.tsv'] },
    });
    const text = await says(older, newer, ...trusted);
    expect(text).toContain('none to the pull credential IN CLEAR TEXT');
    for (const hidden of ['pull-secret-5', Buffer.from('pull-secret-5').toString('base64')])
      expect(`${ended.stdout}${ended.stderr}${text}`).not.toContain(hidden);
  });

  test.each([
    [
      'of other names',
      { name: 'other' },
      'out/other-1.0.0.tar',
      /have different names, sample and other/,
    ],
    ['the newer one first', {}, 'out/sample-0.9.0.tar', /the second bundle is the older one/],
  ])('%s: compared, and warned of', async (_, fields, second, warning) => {
    await create('1.0.0');
    const version = second.includes('0.9.0') ? '0.9.0' : '1.0.0';
    await create(version, { ...fields, sequence: 0 });
    const ended = await job.run<BundleDiff>('diff', older, second, '--output', 'json');
    expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(warning) });
    expect(ended.json.images.unchanged).toBe(2);
  });

  test('of one name and version, and not the same: warned of', async () => {
    await create('1.0.0');
    await copyFile(job.path(older), job.path('before.tar'));
    await moveTag();
    await create('1.0.0');
    const ended = await job.run('diff', 'before.tar', older);
    expect(ended.stderr).toContain('two bundles are both called sample 1.0.0');
  });
});

describe('what two bundles are believed', () => {
  beforeEach(async () => {
    await create('1.0.0');
    await create('1.1.0');
  });

  test('without a key nothing, and both say so', async () => {
    const found = await diff(older, newer);
    for (const about of [found.from, found.to])
      expect(about).toMatchObject({ verified: false, signed: true, keyId: null });
    expect(found.secretKeys).toBeNull();
    expect((await says(older, newer)).match(/NOT VERIFIED: signed, by whom/g)).toHaveLength(2);
  });

  test('with keys, each by which one it is signed', async () => {
    await create('1.1.0', { signing: { key: 'other.key' } });
    const keys = [...trusted, '--key', 'other.pub'];
    const { from, to } = await diff(older, newer, ...keys);
    expect([from.verified, to.verified]).toEqual([true, true]);
    expect(from.keyId).not.toBe(to.keyId);
    expect(await says(older, newer, ...keys)).toContain('signed by ANOTHER KEY than the first one');
    expect(await says(older, older, ...trusted)).not.toContain('ANOTHER KEY');
  });

  test('an expired one is compared, and called so', async () => {
    const how = { env: { SOURCE_DATE_EPOCH: '1700000000' } };
    await job.bundle(target.host, {
      ...{ images, version: '1.0.0', sequence: 1, expires: '2024-01-01' },
      registries: reached(source.host, target.host),
    });
    await job.runWith(how, 'create', '-f', 'bundle.yaml', '-o', 'out');
    const { from, to } = await diff(older, newer, ...trusted);
    expect([from.isExpired, to.isExpired]).toEqual([true, false]);
    expect(await says(older, newer, ...trusted)).toContain('EXPIRED 2024-01-01');
  });

  test('an unsigned one, only when that is allowed', async () => {
    await create('1.1.0', { signing: undefined, unsigned: true });
    expect((await job.run('diff', older, newer, ...trusted)).exitCode).toBe(4);
    const { from, to } = await diff(older, newer, ...trusted, '--allow-unsigned');
    expect([from.verified, to.verified, to.signed]).toEqual([true, false, false]);
  });

  test.each<[string, string[], number, RegExp]>([
    ['by another key', [older, newer, '--key', 'other.pub'], 4, /does not hold/],
    ['by a revoked key', [older, newer, ...trusted, '--revoked', 'bundle.pub'], 4, /revoked/],
    ['no such file', [older, 'nowhere.tar'], 2, /nowhere\.tar/],
    ['no bundle', [older, 'bundle.yaml'], 5, /not a bundle/],
    ['one alone', [older], 2, /nothing to compare the bundle with/],
    ['two and a registry', [older, newer, '--registry'], 2, /--registry does not go with/],
    ['two and a site file', [older, newer, '--site', 'site.yaml'], 2, /--site does not go with/],
  ])('refused: %s', async (_, argv, exitCode, message) => {
    const ended = await job.run('diff', ...argv);
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(message), stdout: '' });
  });

  test.each([
    ['with a key: the signature does not hold', trusted, 4],
    ['without a key: the inventory is none', [], 5],
  ])('a damaged inventory, %s', async (_, argv, exitCode) => {
    await overwrite(newer, 600, '\0');
    expect((await job.run('diff', older, newer, ...argv)).exitCode).toBe(exitCode);
  });

  test('a damaged file that has to be read', async () => {
    const map = `docker.io::${target.host}/m/x,quay.io::${target.host}/m/quay.io`;
    await create('1.1.0', { ociImageRegistry: { ...section(target.host), mirrorRegistries: map } });
    expect((await diff(older, newer, ...trusted)).secretKeys).toEqual(['MIRROR_REGISTRIES']);
    await damageSecret(newer);
    const ended = await job.run('diff', older, newer, ...trusted);
    expect(ended).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('registry-secret'),
    });
  });

  test('nothing is contacted', async () => {
    const asked = await requestsOf(target, () => diff(older, newer, ...trusted));
    expect(asked).toEqual([]);
  });
});

async function overwrite(path: string, position: number, text: string): Promise<void> {
  const file = await open(job.path(path), 'r+');
  await file.write(text, position);
  await file.close();
}

/** Writes over the kind in the Secret's file. */
async function damageSecret(path: string): Promise<void> {
  const file = await open(job.path(path), 'r');
  const bytes = await file.readFile();
  await file.close();
  await overwrite(path, bytes.indexOf('"registry-info"'), '"REGISTRY-INFO"');
}

describe('a bundle and its registry', () => {
  const ask = (...argv: string[]) =>
    job.run<RegistryDiff>('diff', older, '--registry', ...trusted, ...argv, '--output', 'json');
  const asked = async (...argv: string[]) => {
    const ended = await ask(...argv);
    expect(ended).toMatchObject({ exitCode: 0 });
    return ended.json;
  };
  const text = () => says(older, '--registry', ...trusted);

  test('that has nothing: every image, and every config and layer once', async () => {
    await create('1.0.0');
    let found: RegistryDiff | undefined;
    const requests = await requestsOf(target, async () => {
      found = await asked();
    });
    expect(found).toMatchObject({
      same: false,
      from: { registry: `${target.host}/m`, site: null },
      to: { name: 'sample', verified: true },
      images: { added: [{ source: 'nginx:1' }, { source: 'quay.io/a/b:1' }], unchanged: 0 },
      placements: { moved: [], unchanged: 0 },
      bytes: { carried: sizeOfContent(nginx, b), shared: 0, leftToBase: 0 },
      errors: [],
    });
    expect(found?.placements.added).toHaveLength(3);
    expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['HEAD']));
    expect(await text()).toMatch(/^2 images lacking; [\d.]+ KiB to carry$/m);
  });

  test('that has all of it: the same, by one HEAD a placement', async () => {
    await loaded();
    const requests = await requestsOf(target, async () => {
      const { same, images, bytes } = await asked();
      expect({ same, bytes }).toEqual({
        same: true,
        bytes: { carried: 0, shared: 0, leftToBase: 0 },
      });
      expect(images.unchanged).toBe(2);
    });
    expect(requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'HEAD']);
    expect(await text()).toContain(
      'every tag leads to the digest of the bundle (what lies below them: doctor, or load --deep)\n2 images unch',
    );
  });

  test('that lacks one reference: nothing to carry', async () => {
    const made = await loaded();
    await forget('m/docker.io/nginx', digestOf(made, 'nginx:1'));
    const found = await asked();
    const reference = `${target.host}/m/docker.io/nginx:1`;
    expect(found).toMatchObject({
      same: false,
      images: { added: [], moved: [], incomplete: [{ source: 'nginx:1' }], unchanged: 1 },
      placements: { added: [{ reference }], moved: [], unchanged: 2 },
      bytes: { carried: 0, shared: sizeOfContent(nginx) },
    });
    expect(await text()).toMatch(
      /^references that the registry lacks\n {2}127.*docker.io\/nginx:1/m,
    );
  });

  test('that has another digest under a tag', async () => {
    const made = await loaded();
    const other = await pushImage(target.host, 'm/quay.io/a/b', '1', { layers: ['foreign'] });
    const found = await asked();
    const moved = { from: other.digest, to: digestOf(made, 'quay.io/a/b:1') };
    expect(found).toMatchObject({
      same: false,
      images: { moved: [{ source: 'quay.io/a/b:1', ...moved }], unchanged: 1 },
      placements: { moved: [{ reference: `${target.host}/m/quay.io/a/b:1`, ...moved }] },
      bytes: { carried: 0 },
    });
    expect(await text()).toContain(`to ${moved.to?.slice(0, 19)}`);
  });

  test('that has the shared layer of another image: it is not to be carried', async () => {
    await create('1.0.0', { images: ['nginx:1'] });
    await job.done('mirror', '-f', 'bundle.yaml');
    await create('1.0.0');
    const { bytes, images } = await asked();
    expect(images).toMatchObject({ added: [{ source: 'quay.io/a/b:1' }], unchanged: 1 });
    const both = sizeOfContent(nginx, b);
    expect(bytes.carried).toBe(both - sizeOfContent(nginx));
    expect(bytes.shared).toBe(sizeOfContent(b) - (bytes.carried ?? 0));
    expect(bytes.shared).toBeGreaterThan(0);
  });

  test.each<[string, string, string[]]>([
    ['an older bundle of its name', 'sample', []],
    [
      'the bundle of another name that a delta builds on',
      'other',
      ['--since', 'out/other-1.0.0.tar'],
    ],
  ])('that has a layer in the repository of %s alone', async (_, name, argv) => {
    await create('1.0.0', { name, images: ['quay.io/a/b:1'] });
    await job.done('load', `out/${name}-1.0.0.tar`, ...trusted, '--allow-downgrade');
    await pushImage(source.host, 'quay.io/a/c', '1', { layers: [shared, 'c'] });
    await create('1.1.0', { images: ['quay.io/a/c:1'] }, ...argv);
    const c = buildImage({ layers: [shared, 'c'] });
    const carried = sizeOfContent(b, c) - sizeOfContent(b);
    const { bytes } = await job.done<RegistryDiff>('diff', newer, '--registry', ...trusted);
    expect(bytes).toEqual({ carried, shared: sizeOfContent(c) - carried, leftToBase: 0 });
  });

  test('a light bundle: what is to carry is known only when nothing is', async () => {
    await loaded();
    await create('1.0.0', {}, '--without-images');
    expect(await asked()).toMatchObject({ same: true, bytes: { carried: 0 } });
    await pushImage(target.host, 'm/quay.io/a/b', '1', { layers: ['foreign'] });
    expect(await asked()).toMatchObject({ same: false, bytes: { carried: null } });
    expect(await text()).toContain(
      '1 image moved, 1 unchanged; how much is to carry cannot be known',
    );
  });

  test('a delta, before and after its base', async () => {
    const whole = await create('1.0.0');
    await moveTag();
    const delta = await create('1.1.0', {}, '--since', older);
    const since = async () =>
      (await job.done<RegistryDiff>('diff', newer, '--registry', ...trusted)).bytes;
    const before = await since();
    const changed = buildImage({ layers: [shared, 'b, changed'] });
    const total = sizeOfContent(nginx, changed);
    const ofBase = sizeOfContent(nginx);
    expect(before).toEqual({ carried: total - ofBase, shared: 0, leftToBase: ofBase });
    expect(await says(newer, '--registry', ...trusted)).toMatch(
      /KiB are neither there nor in the bundle: load sample 1\.0\.0 first/,
    );
    await job.done('load', older, ...trusted);
    expect(await since()).toMatchObject({ carried: total - ofBase, leftToBase: 0 });
    expect(sizeOf(delta, whole)).toBeGreaterThan(total - ofBase);
    await job.done('load', newer, ...trusted);
    expect(await since()).toMatchObject({ carried: 0, shared: 0, leftToBase: 0 });
  });

  test('what a pull-through cache does not serve is said, and nothing to carry', async () => {
    await create('1.0.0', { pullThrough: [`${target.host}/m/quay.io`] });
    await job.run('load', older, ...trusted);
    const found = await asked();
    expect(found).toMatchObject({
      same: false,
      placements: { added: [], notServed: [{ source: 'quay.io/a/b:1' }] },
      bytes: { carried: 0, shared: 0 },
    });
    expect(await text()).toContain('not served by a pull-through cache, which load does not write');
  });

  test('a bundle in parts', async () => {
    await create('1.0.0', { images: ['quay.io/a/b:2'] }, '--split-size', '1MiB');
    expect((await asked()).bytes.carried).toBeGreaterThan(large.length);
  });

  test('under the name that a site file gives', async () => {
    await create('1.0.0');
    const elsewhere = await startRegistry();
    try {
      await job.write('site.yaml', {
        ociImageRegistry: { endpoint: elsewhere.host, baseContentPath: 'site' },
        registries: { [elsewhere.host]: { plainHttp: true } },
      });
      const { from, placements } = await asked('--site', 'site.yaml');
      expect(from).toMatchObject({
        registry: `${elsewhere.host}/site`,
        site: { signed: false, signedTarget: `${target.host}/m` },
      });
      expect(placements.added[0]?.reference).toMatch(`${elsewhere.host}/site/`);
      expect(await says(older, '--registry', ...trusted, '--site', 'site.yaml')).toContain(
        'NOT SIGNED: the target is that of',
      );
    } finally {
      await elsewhere.stop();
    }
  });

  test('that is down', async () => {
    await create('1.0.0', {
      ociImageRegistry: section('127.0.0.1:1'),
    });
    const ended = await ask();
    expect(ended.exitCode).toBe(9);
    expect(ended.json.errors).toMatchObject([{ class: 'transient', exitCode: 9 }]);
    expect(ended.json).toMatchObject({ same: false, bytes: { carried: null } });
  });

  test('that refuses one repository: the others are compared', async () => {
    const front = await startFrontProxy(target.host);
    try {
      const registries = reached(source.host, front.host);
      await create('1.0.0', { ociImageRegistry: section(front.host), registries });
      front.rules.push(({ path }) => (path.includes('/quay.io/') ? { status: 403 } : undefined));
      const ended = await ask();
      expect(ended.exitCode).toBe(7);
      expect(ended.json).toMatchObject({
        same: false,
        images: { added: [{ source: 'nginx:1' }] },
        bytes: { carried: null },
        errors: [{ class: 'authentication' }],
      });
      expect(ended.json.placements.added).toHaveLength(2);
    } finally {
      await front.stop();
    }
  });

  test('is not asked without a key, nor for a bundle of another', async () => {
    await create('1.0.0');
    const requests = await requestsOf(target, async () => {
      expect((await job.run('diff', older, '--registry')).exitCode).toBe(2);
      expect((await job.run('diff', older, '--registry', '--key', 'other.pub')).exitCode).toBe(4);
    });
    expect(requests).toEqual([]);
  });

  test('with a login: by flag, by docker config, by none, by a wrong one', async () => {
    const login = { username: 'puller', password: 'pull-secret-7' };
    const guarded = await startRegistry({ htpasswd: login });
    try {
      const registries = reached(source.host, guarded.host);
      await create('1.0.0', { ociImageRegistry: section(guarded.host), registries });
      await job.write('right.txt', `${login.password}\n`);
      await job.write('wrong.txt', 'wrong-secret-7\n');
      const as = (file: string) => ['--username', 'puller', '--password-file', file];
      const right = await ask(...as('right.txt'));
      const wrong = await ask(...as('wrong.txt'));
      const none = await ask();
      const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
      await job.write(
        'docker/config.json',
        JSON.stringify({ auths: { [guarded.host]: { auth } } }),
      );
      const how = { env: { DOCKER_CONFIG: job.path('docker') } };
      const docker = await job.runWith(how, 'diff', older, '--registry', ...trusted);
      expect([right, wrong, none, docker].map(({ exitCode }) => exitCode)).toEqual([0, 7, 7, 0]);
      for (const { stdout, stderr } of [right, wrong, none, docker])
        expect(`${stdout}${stderr}`).not.toMatch(/pull-secret-7|wrong-secret-7/);
    } finally {
      await guarded.stop();
    }
  });

  async function loaded(): Promise<Outcome> {
    const made = await create('1.0.0');
    await job.done('load', older, ...trusted, '--allow-downgrade');
    return made;
  }

  async function forget(repository: string, digest = ''): Promise<void> {
    const at = `http://${target.host}/v2/${repository}/manifests/${digest}`;
    expect((await fetch(at, { method: 'DELETE' })).status).toBe(202);
  }
});

const nginx = buildImage({ layers: [shared, 'n'], platforms: ['linux/amd64', 'linux/arm64'] });
const b = buildImage({ layers: [shared, 'b'] });

/** Bytes of the configs and layers of these images, each once. */
function sizeOfContent(...made: readonly SampleImage[]): number {
  const blobs = new Map(made.flatMap(({ blobs }) => [...blobs]));
  return [...blobs.values()].reduce((sum, { length }) => sum + length, 0);
}
