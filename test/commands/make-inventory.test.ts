import { expect, test } from 'vitest';
import { rootIndexes } from '../../src/bundle/oci-layout.ts';
import { makeInventory } from '../../src/commands/make-inventory.ts';
import { leavesOf, makeDocument } from '../../src/oci/graph.ts';
import type { ResolvedImage } from '../../src/plan/plan.ts';
import { image, pageMap, planOf, spec } from '../plan/setting.ts';

test('an image whose index is byte for byte the root stands among the blobs once', async () => {
  const single = image('quay.io/a/b:1', { platforms: ['linux/amd64'] });
  const twin = withIndexLikeRoot(single);
  const bundle = spec(pageMap);
  const { inventory } = await makeInventory({
    spec: bundle,
    plan: planOf(bundle, [twin]),
    chart: undefined,
    ownImages: {},
    createdAt: new Date('2026-11-22T16:00:00Z'),
    withoutImages: false,
    withFiles: true,
    tools: [],
  });
  expect(inventory.images[0]?.digest).toBe(inventory.root?.digest);
  const digests = inventory.blobs.map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(digests.length);
});

function withIndexLikeRoot(single: ResolvedImage): ResolvedImage {
  const { graph } = single;
  const [leaf] = graph ? leavesOf(graph) : [];
  if (!leaf?.platform) throw new Error('the sample has one platform');
  const [root] = rootIndexes([{ ...leaf.descriptor, platform: leaf.platform }]);
  if (!root) throw new Error('one leaf makes one root');
  const documents = new Map([
    [leaf.descriptor.digest, leaf],
    [root.descriptor.digest, makeDocument(root.descriptor, root.bytes)],
  ]);
  return { ...single, graph: { root: root.descriptor, documents } };
}
