import { describe, expect, test } from 'vitest';
import { hexOf } from '../../src/oci/digest.ts';
import {
  digestOfImage,
  image,
  pageMap,
  placementsOf,
  planOf,
  problemsOf,
  spec,
} from './setting.ts';

const base = 'harbor.example.org/airgap-images';
const digest = digestOfImage(image('x:1', { seed: 'one' }));
const kept = `airgap-${hexOf(digest).slice(0, 12)}`;
/** An image with the content of `digest`. */
const withDigest = (name: string) => image(name, { seed: 'one' });

describe("the page's map", () => {
  test.each([
    [
      'nginx:1',
      [`webhook ${base}/docker.io/nginx:1`, `containerd ${base}/docker.io/library/nginx:1`],
    ],
    [
      'docker.io/nginx:1',
      [`webhook ${base}/docker.io/nginx:1`, `containerd ${base}/docker.io/library/nginx:1`],
    ],
    ['docker.io/library/nginx:1', [`both ${base}/docker.io/library/nginx:1`]],
    ['grafana/grafana:1', [`both ${base}/docker.io/grafana/grafana:1`]],
    ['gcr.io/a/b:1', [`both ${base}/gcr.io/a/b:1`]],
    ['k8s.gcr.io/pause:3', [`both ${base}/gcr.io/pause:3`]],
    ['registry.k8s.io/pause:3', [`both ${base}/k8s.io/pause:3`]],
    ['us-docker.pkg.dev/p/r/i:1', [`both ${base}/p/r/i:1`]],
    [
      'nginx',
      [
        `webhook ${base}/docker.io/nginx:latest`,
        `containerd ${base}/docker.io/library/nginx:latest`,
      ],
    ],
    ['example.org/a:1', []],
  ])('%s', (name, expected) => {
    expect(placementsOf(planOf(spec(pageMap), [image(name)]))).toEqual({ [name]: expected });
  });

  test('has no problem but the default that the chart must add', () => {
    const images = ['nginx:1', 'gcr.io/a:1', 'k8s.gcr.io/b:1', 'us-docker.pkg.dev/p/r/i:1'];
    const plan = planOf(
      spec(pageMap),
      images.map((name) => image(name)),
    );
    expect(plan.problems.map(({ kind }) => kind)).toEqual(['no-default']);
  });

  test('two sources share a target: equal digests are fine', () => {
    const plan = planOf(spec(pageMap), [
      withDigest('gcr.io/pause:3'),
      withDigest('k8s.gcr.io/pause:3'),
    ]);
    expect(problemsOf(plan, 'no-default')).toEqual([]);
    expect(placementsOf(plan)).toEqual({
      'gcr.io/pause:3': [`both ${base}/gcr.io/pause:3`],
      'k8s.gcr.io/pause:3': [`both ${base}/gcr.io/pause:3`],
    });
  });

  test('other digests collide, and every place is named with both', () => {
    const plan = planOf(spec(pageMap), [image('gcr.io/pause:3'), image('k8s.gcr.io/pause:3')]);
    const [collision, ...others] = problemsOf(plan, 'no-default');
    expect(others).toEqual([]);
    expect(collision).toMatchObject({
      kind: 'collision',
      severity: 'error',
      images: ['gcr.io/pause:3', 'k8s.gcr.io/pause:3'],
    });
    expect(collision?.message).toContain(`would both be ${base}/gcr.io/pause:3`);
  });
});

describe('digests', () => {
  test.each([
    [
      'a digest gets a tag that keeps it',
      `quay.io/a@${digest}`,
      [`both ${base}/quay.io/a:${kept}`],
    ],
    [
      'of tag and digest both are placed',
      `quay.io/a:1@${digest}`,
      [`both ${base}/quay.io/a:1`, `both ${base}/quay.io/a:${kept}`],
    ],
  ])('%s', (_, name, expected) => {
    const plan = planOf(spec(pageMap), [withDigest(name)]);
    expect(placementsOf(plan)).toEqual({ [name]: expected });
    expect(plan.images[0]?.entry.pinnedBy).toBe('digest');
  });

  test('a tag that another image claims with another digest is left to it', () => {
    const plan = planOf(spec(pageMap), [withDigest(`quay.io/a:1@${digest}`), image('quay.io/a:1')]);
    expect(problemsOf(plan, 'no-default')).toEqual([]);
    expect(Object.values(placementsOf(plan))).toEqual([
      [`both ${base}/quay.io/a:${kept}`],
      [`both ${base}/quay.io/a:1`],
    ]);
  });

  test('a tag that another image claims with the same digest is placed for both', () => {
    const plan = planOf(spec(pageMap), [
      withDigest(`quay.io/a:1@${digest}`),
      withDigest('quay.io/a:1'),
    ]);
    expect(Object.values(placementsOf(plan)).map(([first]) => first)).toEqual([
      `both ${base}/quay.io/a:1`,
      `both ${base}/quay.io/a:1`,
    ]);
  });

  test('a tag with two digests belongs to neither', () => {
    const second = image('y:1', { seed: 'two' });
    const [a, b] = [digest, digestOfImage(second)].map((one) => `quay.io/a:1@${one}`) as [
      string,
      string,
    ];
    const plan = planOf(spec(pageMap), [withDigest(a), image(b, { seed: 'two' })]);
    expect(problemsOf(plan, 'no-default')).toEqual([]);
    expect(Object.values(placementsOf(plan)).flat()).toEqual([
      `both ${base}/quay.io/a:${kept}`,
      `both ${base}/quay.io/a:airgap-${hexOf(digestOfImage(second)).slice(0, 12)}`,
    ]);
  });
});

describe('entries that only one consumer knows', () => {
  test.each([
    [
      '[EXACT]',
      '[EXACT]quay.io/a:1::harbor.example.org/airgap-images/e:1',
      [`webhook ${base}/e:1`],
    ],
    [
      '[REPLACE]',
      '[REPLACE]quay.io/*::harbor.example.org/airgap-images/r',
      [`webhook ${base}/r/a:1`],
    ],
    [
      'a value that ends in -',
      'quay.io::harbor.example.org/airgap-images/m-',
      [`webhook ${base}/m-quay.io/a:1`],
    ],
    [
      'the default',
      'noswap_wildcards::harbor.example.org\ndefault::harbor.example.org/airgap-images',
      [`webhook ${base}/a:1`],
    ],
  ])("%s is the webhook's", (_, entry, expected) => {
    const plan = planOf(spec(entry.includes('default') ? entry : `default::\n${entry}`), [
      image('quay.io/a:1'),
    ]);
    expect(placementsOf(plan)).toEqual({ 'quay.io/a:1': expected });
    expect(problemsOf(plan).map(({ kind }) => kind)).toEqual(['containerd-ignores']);
  });

  test("a target with /v2/ is containerd's, and has none in its repository", () => {
    const plan = planOf(spec('default::\nquay.io::harbor.example.org/v2/airgap-images/q'), [
      image('quay.io/a:1'),
    ]);
    expect(placementsOf(plan)).toEqual({ 'quay.io/a:1': [`containerd ${base}/q/a:1`] });
    expect(problemsOf(plan).map(({ kind, severity }) => `${severity} ${kind}`)).toEqual([
      'warning v2-in-target',
    ]);
  });

  test('an image that nothing maps has no placement', () => {
    const plan = planOf(spec(pageMap), [image('example.org/a:1')]);
    expect(placementsOf(plan)).toEqual({ 'example.org/a:1': [] });
    expect(problemsOf(plan, 'no-default').map(({ kind }) => kind)).toEqual(['unmapped']);
  });

  test('an empty value maps nothing', () => {
    const plan = planOf(spec('default::\nquay.io::'), [image('quay.io/a:1')]);
    expect(placementsOf(plan)).toEqual({ 'quay.io/a:1': [] });
  });
});

test('an image that its registry does not have is not planned', () => {
  const { graph: _, ...gone } = image('nginx:1');
  expect(
    planOf(spec(pageMap), [gone, image('redis:7')]).images.map(({ entry }) => entry.source),
  ).toEqual(['redis:7']);
});
