import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import {
  type Checkout,
  type Consumer,
  commandsOf,
  makeCheckout,
  makeConsumer,
  outputsOf,
  resultsOf,
  summaryOf,
} from './act.ts';

const password = 'correct horse/battery+staple';

let source: TestRegistry;
let target: TestRegistry;
let job: Job;
let action: Checkout;
let consumer: Consumer;
let secrets: Record<string, string>;

beforeAll(async () => {
  [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry({ htpasswd: { username: 'ops', password } }),
    startKeyedJob(),
  ]);
  await pushImage(source.host, 'library/nginx', '1');
  action = await makeCheckout(async () => {});
  consumer = await makeConsumer(action.folder, 'OWNER/airgap-bundle@v1', fill);
  secrets = {
    TARGET_USERNAME: 'ops',
    TARGET_PASSWORD: password,
    BUNDLE_SIGNING_KEY: await readFile(job.path('bundle.key'), 'utf8'),
    DOCKERHUB_USERNAME: 'somebody',
    DOCKERHUB_TOKEN: 'something',
    GHCR_USERNAME: 'nobody',
    GHCR_TOKEN: 'nothing',
  };
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop()]);
  await Promise.all([job.remove(), action.remove(), consumer.remove()]);
});

/** A repository as the examples expect it, whose registries are local. */
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
    images: ['nginx:1'],
    registries: {
      'docker.io': { mirror: source.host },
      [source.host]: { plainHttp: true },
      [target.host]: { plainHttp: true },
    },
  };
  await writeFile(join(folder, 'bundle.yaml'), dump(bundle));
}

describe('an example workflow runs, by the name that consumers use:', () => {
  test('mirror nightly', async () => {
    const run = await consumer.act(
      '.github/workflows/mirror-nightly.yml',
      { name: 'workflow_dispatch' },
      secrets,
    );
    expect(run.exitCode, run.shown).toBe(0);
    expect(resultsOf(run, 'mirror')).toEqual(['Main success', 'Post success']);
    expect(run.shown).not.toContain(password);
    expect(target.requests().map(({ path }) => path)).toContain(
      '/v2/m/docker.io/library/nginx/manifests/1',
    );
  });

  test('light bundle on a tag', async () => {
    const run = await consumer.act(
      '.github/workflows/light-bundle-on-tag.yml',
      { name: 'push', payload: { ref: 'refs/tags/v1.2.0' } },
      secrets,
    );
    expect(run.exitCode, run.shown).toBe(0);
    expect(resultsOf(run)).toEqual(['Main success', 'Post success']);
    const { 'bundle-path': bundle, changed } = outputsOf(run);
    expect(bundle).toMatch(/\/out\/sample-v1.2.0.tar$/);
    expect(changed).toBeUndefined();
    expect(commandsOf(run, 'warning').join('\n')).toContain('there is nothing to compare with');
    expect(summaryOf(run)).toContain('✅ sample v1.2.0: mirrored and bundled');
    expect(run.shown).not.toContain(password);
  });
});
