import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

interface Planned extends Outcome {
  readonly coverage: {
    readonly lacking: readonly { image: string; askedForBy: readonly string[]; wanted: string }[];
  };
}

let source: TestRegistry;
let job: Job;
const target = 'harbor.example.org';

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  await pushImage(source.host, 'docker.io/library/nginx', '1', { layers: ['nginx'] });
  await job.write('apps.yaml', pods(['nginx:1', 'redis:7', 'example.org/own:1']));
  await job.write('more.yaml', pods(['redis:7', `${target}/m/docker.io/nginx:1`]));
});
afterAll(() => Promise.all([source.stop(), job.remove()]));

const pods = (images: readonly string[]) =>
  images
    .map(
      (image, n) =>
        `apiVersion: v1\nkind: Pod\nmetadata: {name: p${n}}\nspec: {containers: [{name: c, image: "${image}"}]}\n`,
    )
    .join('---\n');

const write = (covers: object) =>
  job.bundle(target, { images: ['nginx:1'], covers, registries: reached(source.host, target) });

test('what a cluster would ask for, and the bundle does not bring, is told with who asks', async () => {
  await write([{ manifests: 'apps.yaml' }, { manifests: 'more.yaml' }]);
  const { coverage, problems } = await job.done<Planned>('plan', '-f', 'bundle.yaml');
  expect(coverage.lacking).toEqual([
    {
      image: 'redis:7',
      askedForBy: [
        expect.stringMatching(/^apps\.yaml:\d+ Pod p1/),
        expect.stringMatching(/^more\.yaml/),
      ],
      wanted: `${target}/m/docker.io/redis:7`,
    },
  ]);
  expect(problems.filter(({ kind }) => kind === 'lacking')).toEqual([
    {
      kind: 'lacking',
      severity: 'warning',
      images: ['redis:7'],
      message: expect.stringMatching(
        /^redis:7 \(apps\.yaml:\d+ .* and 1 more\) would be asked for as /,
      ),
      cure: 'add redis:7 to images',
    },
  ]);
});

test('what is covered is not taken', async () => {
  await write([{ manifests: 'apps.yaml' }]);
  const { inventory } = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
  expect(inventory.images.map((image) => image.source)).toEqual(['nginx:1']);
});

test('a source of covers that is not there is an error of its own', async () => {
  await write([{ manifests: 'nowhere.yaml' }]);
  const { exitCode, stderr } = await job.run('plan', '-f', 'bundle.yaml');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('covers[0].manifests');
});
