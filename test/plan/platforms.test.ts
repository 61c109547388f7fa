import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { type ImageGraph, leavesOf } from '../../src/oci/graph.ts';
import { dockerIndex, ociIndex } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { filterPlatforms, originalDigestAnnotation } from '../../src/plan/platforms.ts';
import { graphOf, image, pageMap, planOf, sample, spec } from './setting.ts';

const three = ['linux/amd64', 'linux/arm64/v8', 'windows/amd64'];
const graph = (options: Parameters<typeof sample>[0]): ImageGraph => graphOf(sample(options));
const filter = (of: ImageGraph, ...wanted: string[]) =>
  filterPlatforms(of, wanted.map(parsePlatform));
const bytesOf = ({ root, documents }: ImageGraph) => documents.get(root.digest)?.bytes;
const childOf = (of: ImageGraph, platform: string) =>
  leavesOf(of).find(
    (leaf) => JSON.stringify(leaf.platform) === JSON.stringify(parsePlatform(platform)),
  )?.descriptor.digest;

describe('the platform filter', () => {
  const whole = graph({ platforms: three });

  test.each([
    ['no filter', []],
    ['all that are there', three],
    ['all that are there, and more', [...three, 'linux/s390x']],
  ])('%s leaves the index as it is', (_, wanted) => {
    const filtered = filter(whole, ...wanted);
    expect(filtered?.graph).toBe(whole);
    expect(filtered).not.toHaveProperty('originalDigest');
  });

  test.each(['linux/amd64', 'linux/arm64', 'linux/arm64/v8'])(
    'of %s alone that manifest is left',
    (wanted) => {
      const filtered = filter(whole, wanted);
      const platform = wanted === 'linux/arm64' ? 'linux/arm64/v8' : wanted;
      expect(filtered?.graph.root.digest).toBe(childOf(whole, platform));
      expect(filtered?.originalDigest).toBe(whole.root.digest);
    },
  );

  test.each([
    ['OCI', {}, ociIndex],
    ['Docker', { docker: true }, dockerIndex],
  ])('of several a smaller index of the same type is left: %s', (_, options, mediaType) => {
    const before = graph({ platforms: three, ...options });
    const filtered = filter(before, 'linux/amd64', 'linux/arm64');
    if (!filtered) throw new Error('nothing is left');
    const bytes = bytesOf(filtered.graph) ?? Buffer.alloc(0);
    expect(filtered.originalDigest).toBe(before.root.digest);
    expect(filtered.graph.root).toMatchObject({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    expect(JSON.parse(String(bytes))).toMatchObject({
      schemaVersion: 2,
      mediaType,
      annotations: { [originalDigestAnnotation]: before.root.digest },
      manifests: [
        { digest: childOf(before, 'linux/amd64'), platform: parsePlatform('linux/amd64') },
        { digest: childOf(before, 'linux/arm64/v8'), platform: parsePlatform('linux/arm64/v8') },
      ],
    });
    expect(leavesOf(filtered.graph)).toHaveLength(2);
  });

  test('the smaller index is the same each time, in whatever order the platforms are asked for', () => {
    const again = graph({ platforms: three });
    expect(filter(again, 'linux/arm64', 'linux/amd64')?.graph.root).toEqual(
      filter(whole, 'linux/amd64', 'linux/arm64')?.graph.root,
    );
  });

  test('nothing is left of an image for other platforms', () => {
    expect(filter(whole, 'linux/s390x')).toBeUndefined();
    expect(filter(graph({}), 'linux/arm64')).toBeUndefined();
  });

  test('one manifest of the platform is left alone', () => {
    const single = graph({});
    expect(filter(single, 'linux/amd64')).toEqual({ graph: single, droppedAttestations: false });
  });

  test('what runs on no platform fits', () => {
    const { root, documents } = graph({});
    const artifact: ImageGraph = {
      root,
      documents: new Map(
        [...documents].map(([digest, { platform: _, ...rest }]) => [digest, rest]),
      ),
    };
    expect(filter(artifact, 'linux/arm64')?.graph).toBe(artifact);
  });

  test('attestations go with the filter, and that is told', () => {
    const attested = graph({ platforms: ['linux/amd64', 'linux/arm64'], attestation: true });
    expect(filter(attested)?.graph).toBe(attested);
    expect(filter(attested, 'linux/amd64')).toMatchObject({ droppedAttestations: true });
    expect(filter(attested, 'linux/amd64', 'linux/arm64')?.graph.root.digest).not.toBe(
      attested.root.digest,
    );
    expect(filter(whole, 'linux/amd64')).toMatchObject({ droppedAttestations: false });
  });
});

describe('in a plan', () => {
  const platforms = ['linux/amd64'];

  test('a tagged image is the one manifest, and remembers its index', () => {
    const source = image('nginx:1', { platforms: three });
    const [planned] = planOf(spec(pageMap, { platforms }), [source]).images;
    expect(planned?.entry).toMatchObject({
      digest: childOf(source.graph as ImageGraph, 'linux/amd64'),
      originalDigest: source.graph?.root.digest,
      platforms,
      pinnedBy: 'tag',
    });
  });

  test('an index digest keeps the whole index, with a warning', () => {
    const source = image('nginx:1', { platforms: three });
    const name = `quay.io/a@${source.graph?.root.digest}`;
    const plan = planOf(spec(pageMap, { platforms }), [
      image(name, { seed: 'nginx:1', platforms: three }),
    ]);
    expect(plan.images[0]?.entry).toMatchObject({
      digest: source.graph?.root.digest,
      platforms: three,
    });
    expect(plan.images[0]?.entry).not.toHaveProperty('originalDigest');
    expect(plan.problems).toContainEqual(
      expect.objectContaining({ kind: 'index-digest-kept', severity: 'warning', images: [name] }),
    );
  });

  test('attestations are no platform', () => {
    const [planned] = planOf(spec(pageMap), [
      image('a:1', { platforms, attestation: true }),
    ]).images;
    expect(planned?.entry.platforms).toEqual(platforms);
  });
});
