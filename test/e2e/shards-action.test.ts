// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of GitHub
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ociManifest } from '../../src/oci/media-types.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Checkout, type Consumer, makeCheckout, makeConsumer, outputsOf } from './act.ts';

const password = 'correct horse/battery+staple';
const names = ['a', 'b', 'c', 'd'];

let source: TestRegistry;
let target: TestRegistry;
let job: Job;
let action: Checkout;
let consumer: Consumer;
let store: string;

/** Artifacts as GitHub keeps them, in a folder: what is in a folder, or one file, by name. */
const artifacts = () => ({
  'actions/upload-artifact': composite(
    ['name', 'path'],
    `mkdir -p "${store}/$NAME" && if [ -d "$WHAT" ]; then cp -R "$WHAT/." "${store}/$NAME"; else cp "$WHAT" "${store}/$NAME"; fi`,
  ),
  'actions/download-artifact': composite(
    ['name', 'pattern', 'path'],
    `mkdir -p "$WHAT" && for one in "${store}"/$NAME$PATTERN; do cp -R "$one/." "$WHAT"; done`,
  ),
});

function composite(inputs: readonly string[], run: string): object {
  const env = {
    NAME: '${{ inputs.name }}',
    PATTERN: '${{ inputs.pattern }}',
    WHAT: '${{ inputs.path }}',
  };
  return {
    name: 'artifacts in a folder',
    inputs: Object.fromEntries(inputs.map((name) => [name, { description: name }])),
    runs: { using: 'composite', steps: [{ shell: 'bash', env, run }] },
  };
}

beforeAll(async () => {
  [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry({ htpasswd: { username: 'ops', password } }),
    startKeyedJob(),
  ]);
  store = await mkdtemp(join(tmpdir(), 'airgap-artifacts-'));
  for (const name of names)
    await pushImage(source.host, `library/${name}`, '1', {
      layers: ['shared', randomBytes(200_000)],
    });
  action = await makeCheckout(async () => {});
  consumer = await makeConsumer(action.folder, 'OWNER/airgap-bundle@v1', fill, artifacts());
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), rm(store, { recursive: true, force: true })]);
  await Promise.all([job.remove(), action.remove(), consumer.remove()]);
});

async function fill(folder: string): Promise<void> {
  await cp('examples/workflows', join(folder, '.github/workflows'), { recursive: true });
  const bundle = {
    apiVersion: 'airgap-bundle/v1',
    ...{ name: 'sample', version: '1.0.0', environment: 'non-airgap' },
    ociImageRegistry: {
      endpoint: target.host,
      ...{ name: 'private', baseContentPath: 'm' },
      mirrorRegistries: `docker.io::${target.host}/m/docker.io`,
    },
    images: names.map((name) => `${name}:1`),
    registries: {
      'docker.io': { mirror: source.host },
      [source.host]: { plainHttp: true },
      [target.host]: { plainHttp: true },
    },
  };
  await writeFile(join(folder, 'bundle.yaml'), dump(bundle));
}

test('matrix over shards: the parts of three jobs, joined, are the bundle of one run', async () => {
  const run = await consumer.act(
    '.github/workflows/matrix-over-shards.yml',
    { name: 'workflow_dispatch' },
    {
      TARGET_USERNAME: 'ops',
      TARGET_PASSWORD: password,
      BUNDLE_SIGNING_KEY: await readFile(job.path('bundle.key'), 'utf8'),
    },
  );
  expect(run.exitCode, run.shown).toBe(0);
  // act knows no strategy.job-index: all have one name.
  const parts = await readdir(join(store, 'part-'));
  expect(parts.sort()).toEqual([1, 2, 3].map((n) => `sample-1.0.0.shard-${n}-of-3.tar`));
  const saved = join(store, 'plan', 'plan.json');
  const single = await job.runWith<Outcome>(
    { cwd: consumer.folder },
    ...['create', '-f', 'bundle.yaml', '--plan', saved, '-o', job.path('single')],
    ...['--signing-key-file', job.path('bundle.key'), '--output', 'json'],
  );
  expect(outputsOf(run)['bundle-digest']).toBe(`sha256:${single.json.sha256}`);
  const bundle = join(store, 'bundle', 'sample-1.0.0.tar');
  await job.done('verify', bundle, '--key', 'bundle.pub');
  const { images } = JSON.parse(await readFile(saved, 'utf8')) as Outcome['inventory'];
  for (const { digest, placements } of images)
    for (const { reference } of placements) expect(await digestIn(reference)).toBe(digest);
  expect(run.shown).not.toContain(password);
});

async function digestIn(reference: string): Promise<string | null> {
  const [, path = '', tag = ''] = /^[^/]*\/(.*):(.*)$/.exec(reference) ?? [];
  const login = Buffer.from(`ops:${password}`).toString('base64');
  const answer = await fetch(`http://${target.host}/v2/${path}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: ociManifest, authorization: `Basic ${login}` },
  });
  return answer.headers.get('docker-content-digest');
}
