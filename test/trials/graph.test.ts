import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { walk } from '../../trials/graph.ts';
import { kinds, openRegistry, type Registry } from '../../trials/registries.ts';
import { buildImage, pushImage } from '../helpers/images.ts';

const options = { platforms: ['linux/amd64', 'linux/arm64'], layers: ['shared'] };
const repository = 'm/docker.io/library/nginx';
const image = buildImage(options);

describe.each(kinds)('what is in %s', (kind) => {
  let registry: Registry;

  beforeAll(async () => {
    registry = await openRegistry(kind);
  });
  afterAll(() => registry.stop());
  beforeEach(async () => {
    await registry.empty();
    await pushImage(registry.host, repository, '1', options);
  });

  test('a whole image', async () => {
    const { tags, broken } = await walk(registry.host);
    expect([...tags]).toEqual([[`${repository}:1`, image.root.digest]]);
    expect(broken).toEqual([]);
  });

  test.each([
    ['blob', 'blobs', [...image.blobs.keys()].at(-1)],
    ['child', 'manifests', image.manifests[0]?.descriptor.digest],
  ])('a tag without a %s that it leads to', async (_, what, digest) => {
    const url = `http://${registry.host}/v2/${repository}/${what}/${digest}`;
    const { ok } = await fetch(url, { method: 'DELETE' });
    expect(ok).toBe(true);
    expect((await walk(registry.host)).broken).toEqual([`${repository}@${digest}: 404`]);
  });

  test('nothing', async () => {
    await registry.empty();
    expect(await walk(registry.host)).toEqual({ tags: new Map(), broken: [] });
  });
});
