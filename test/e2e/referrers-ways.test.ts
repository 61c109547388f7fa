import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import { referrersTag } from '../../src/oci/referrers.ts';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Signing, startSigning } from '../helpers/signing.ts';
import { makeJumpHost } from '../install/jump-host.ts';

const platforms = ['linux/amd64', 'linux/arm64', 'linux/s390x'];
const trusted = ['--key', 'bundle.pub'];
const keep = (...names: string[]) => ({ platforms: names.map((name) => `linux/${name}`) });

let job: Job;
let signing: Signing;
let source: TestRegistry;
let target: TestRegistry;
let nginx: Awaited<ReturnType<typeof pushImage>>;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  signing = await startSigning(job);
  await job.write('sbom.json', '{"spdxVersion": "SPDX-2.3"}');
  nginx = await pushImage(source.host, 'docker.io/library/nginx', '1', { platforms });
  await signing.sign(at(source.host, nginx.digest), '--recursive');
});
beforeEach(async () => {
  target = await startRegistry();
});
afterEach(() => target.stop());
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});

function at(host: string, what: string): string {
  const repository = host === source.host ? 'docker.io/library/nginx' : 'm/docker.io/library/nginx';
  return `${host}/${repository}${what.includes(':') ? '@' : ':'}${what}`;
}

async function bundle(fields: object = {}): Promise<void> {
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, { images: ['nginx:1'], registries, ...fields });
}

const lost = ({ problems }: Outcome) =>
  problems.filter(({ kind }) => kind === 'referrer-lost').map(({ message }) => message);
const referrersOf = ({ inventory }: Outcome) =>
  inventory.images.filter((image) => 'referrer' in image);

test('a filter that changes an index loses what is attached to it, and keeps that of its manifests', async () => {
  await bundle(keep('amd64', 'arm64'));
  const plan = await job.done('plan', '-f', 'bundle.yaml');
  expect(lost(plan)).toHaveLength(1);
  expect(lost(plan)[0]).toContain(
    `${referrersTag(nginx.digest)}.sig is for ${nginx.digest}, an index that the platform filter has changed`,
  );
  expect(referrersOf(plan)).toHaveLength(2);
  await job.done('mirror', '-f', 'bundle.yaml');
  expect(await signing.verify(at(target.host, '1'))).toBe(false);
  const [amd64 = ''] = await childrenOf(target.host);
  expect(await signing.verify(at(target.host, amd64))).toBe(true);
});

test('a filter that leaves one manifest leaves its signature valid under the tag', async () => {
  await bundle(keep('arm64'));
  await job.done('mirror', '-f', 'bundle.yaml');
  expect(await signing.verify(at(target.host, '1'))).toBe(true);
});

test('referrers: false leaves all of it out', async () => {
  await bundle({ referrers: false });
  const plan = await job.done('plan', '-f', 'bundle.yaml');
  expect([referrersOf(plan), lost(plan)]).toEqual([[], []]);
});

test('what cannot be carried or read is lost with a warning, and the image goes', async () => {
  const redis = await pushImage(source.host, 'docker.io/library/redis', '1');
  const gone = { mediaType: ociManifest, digest: digestOf(Buffer.from('gone')), size: 4 };
  const artifact = { ...redis, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' };
  const list = { schemaVersion: 2, mediaType: ociIndex, manifests: [gone, artifact] };
  const front = await startFrontProxy(source.host, [
    ({ path }) =>
      path.endsWith(`/referrers/${redis.digest}`)
        ? { status: 200, headers: { 'content-type': ociIndex }, body: JSON.stringify(list) }
        : undefined,
  ]);
  const registries = reached(front.host, target.host);
  await bundle({ images: ['redis:1'], registries });
  const plan = await job.done('plan', '-f', 'bundle.yaml');
  expect(plan.problems.map(({ kind }) => kind)).toContain('referrer-lost');
  expect(lost(plan)[0]).toContain(
    `${gone.digest} cannot be read: a manifest that its own registry`,
  );
  expect(lost(plan)[0]).toContain(
    'this kind of manifest cannot be carried (application/vnd.oci.art',
  );
  expect((await job.done('mirror', '-f', 'bundle.yaml')).counts).toEqual({ copied: 1, placed: 1 });
  await front.stop();
});

test('a registry that cannot say now what is attached ends the run, to be run again', async () => {
  const front = await startFrontProxy(source.host, [
    ({ path }) => (path.includes('/referrers/') ? { status: 503 } : undefined),
  ]);
  const registries = reached(front.host, target.host);
  await bundle({ registries, retryBudget: '1s' });
  const { exitCode, json } = await job.run('plan', '-f', 'bundle.yaml', '--output', 'json');
  expect(exitCode).toBe(9);
  expect(json.errors).toMatchObject([
    {
      message: expect.stringContaining('what is attached to nginx:1'),
      next: 'run again, or leave it out: referrers: false',
    },
  ]);
  await front.stop();
});

test('a saved plan is carried out with what was attached then', async () => {
  await bundle();
  const before = referrersOf(await job.done('plan', '-f', 'bundle.yaml', '-o', 'plan.json'));
  const sbom = await signing.attach(at(source.host, nginx.digest), 'sbom.json');
  const made = await job.done('create', '-f', 'bundle.yaml', '--plan', 'plan.json', '-o', 'out');
  expect(referrersOf(made)).toEqual(before);
  const now = referrersOf(await job.done('plan', '-f', 'bundle.yaml'));
  expect(now.map(({ digest }) => digest)).toContain(sbom);
});

test('an unchanged load sends one HEAD a placement, those of referrers among them', async () => {
  await bundle();
  const made = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  await job.done('load', made.bundle, ...trusted);
  const asked = await requestsOf(target, () => job.done('load', made.bundle, ...trusted));
  const placements = made.inventory.images.flatMap((image) => image.placements);
  expect(asked.map(({ method }) => method)).toEqual(placements.map(() => 'HEAD'));
});

test('a light bundle proves that they are there', async () => {
  await bundle();
  const out = ['-f', 'bundle.yaml', '-o', 'light', '--without-images'];
  const { bundle: light } = await job.done('create', ...out);
  const refused = await job.run('load', light, ...trusted, '--output', 'json');
  expect(refused.exitCode).toBe(8);
  expect(refused.json.errors.map(({ message }) => message).join()).toContain('.sig');
  await job.done('mirror', '-f', 'bundle.yaml');
  expect((await job.done('load', light, ...trusted)).counts.failed).toBeUndefined();
});

test.each(['load', 'install.sh'])('a delta brings what was attached since, by %s', async (way) => {
  await bundle();
  const old = await job.done('create', '-f', 'bundle.yaml', '-o', 'old');
  await job.done('load', old.bundle, ...trusted);
  const sbom = await signing.attach(at(source.host, nginx.digest), 'sbom.json', `text/${way}`);
  await signing.sign(at(source.host, sbom));
  expect(await signing.discover(at(target.host, '1'))).not.toContain(sbom);
  await bundle({ version: '1.1.0' });
  const anew = ['-f', 'bundle.yaml', '--fresh'];
  const delta = await job.done('create', ...anew, '-o', 'new', '--since', old.bundle);
  if (way === 'load') await job.done('load', delta.bundle, ...trusted);
  else {
    const site = await makeJumpHost();
    const key = ['--key', job.path('bundle.pub')];
    const { code, stderr } = await site.install([delta.bundle, ...key, '--only', 'load']);
    expect([code, stderr]).toEqual([0, '']);
    await site.remove();
  }
  expect(await signing.discover(at(target.host, '1'))).toContain(sbom);
  expect(await signing.verify(at(target.host, sbom))).toBe(true);
  expect(await signing.verify(at(target.host, '1'))).toBe(true);
});

test('a site file moves them with their image', async () => {
  await bundle();
  const made = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  const other = await startRegistry();
  const registries = { [other.host]: { plainHttp: true } };
  await job.write('site.yaml', { ociImageRegistry: { endpoint: other.host }, registries });
  await job.done('load', made.bundle, ...trusted, '--site', 'site.yaml');
  expect(await signing.verify(at(other.host, '1'))).toBe(true);
  await other.stop();
});

test.each(['mirror', 'load'])(
  'what is too large for our own client goes by oras, and is listed, by %s',
  async (verb) => {
    await writeFile(job.path('large.json'), Buffer.alloc(33 * 2 ** 20, verb));
    const sbom = await signing.attach(at(source.host, nginx.digest), 'large.json');
    await bundle();
    const anew = ['-f', 'bundle.yaml', '--fresh'];
    if (verb === 'mirror') await job.done('mirror', ...anew);
    else {
      const made = await job.done('create', ...anew, '-o', 'out');
      await job.done('load', made.bundle, ...trusted);
    }
    expect(await signing.discover(at(target.host, '1'))).toContain(sbom);
  },
);

async function childrenOf(host: string): Promise<string[]> {
  const answer = await fetch(`http://${host}/v2/m/docker.io/library/nginx/manifests/1`, {
    headers: { accept: ociIndex },
  });
  const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
  return manifests.map(({ digest }) => digest);
}
