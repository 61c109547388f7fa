import { expect, test } from 'vitest';
import type { ResolvedImage } from '../../src/plan/plan.ts';
import { digestOfImage, graphOf, image, planOf, sample, spec } from './setting.ts';

const map = 'default::\ndocker.io::harbor.example.org/airgap-images/hub';
const MiB = 2 ** 20;
const app = image('nginx:1', { platforms: ['linux/amd64', 'linux/arm64'] });

/** An image, or its index, with a `subject`, and a layer that is said to be so large. */
function attached(size: number, to = app, at: 'manifest' | 'index' = 'manifest'): ResolvedImage {
  const ofIndex = at === 'index' ? { platforms: ['linux/amd64'] } : {};
  const { root, manifests } = sample({ layers: ['sbom'], ...ofIndex });
  const subject = { mediaType: 'any/manifest', digest: digestOfImage(to), size: 1 };
  const changed = manifests.map(({ descriptor, bytes }) => {
    const document = JSON.parse(String(bytes));
    if (document.layers) document.layers[0].size = size;
    const has = at === (document.layers ? 'manifest' : 'index');
    return {
      descriptor,
      bytes: Buffer.from(JSON.stringify(has ? { ...document, subject } : document)),
    };
  });
  const graph = graphOf({ root, manifests: changed, blobs: new Map() });
  return { ...image('nginx:sbom'), graph };
}

test.each<[string, readonly ResolvedImage[], boolean]>([
  ['a large one, its subject elsewhere', [attached(33 * MiB)], true],
  ['the same of an index', [attached(33 * MiB, app, 'index')], true],
  ['a large one beside its subject', [attached(33 * MiB), app], false],
  ['one that our own client can carry', [attached(32 * MiB)], false],
])('attached to another manifest: %s', (_, images, isRefused) => {
  const { problems } = planOf(spec(map), images);
  const errors = problems.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ kind }) => kind)).toEqual(isRefused ? ['subject-missing'] : []);
  for (const { message, cure } of errors) {
    expect(message).toContain('nginx:sbom has a blob over 32 MiB and is attached to sha256:');
    expect(cure).toContain(`add docker.io/library/nginx@${digestOfImage(app)} to the images`);
  }
});
