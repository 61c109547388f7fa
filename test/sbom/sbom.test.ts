import { describe, expect, test } from 'vitest';
import { printSbom, sbomFiles } from '../../src/commands/sboms.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { Inventory, InventoryImage } from '../../src/plan/inventory.ts';
import { sample } from '../bundle/sample.ts';
import { cycloneDxFaults, spdxFaults } from './validators.ts';

const digest = (text: string): Digest => digestOf(Buffer.from(text));

function image(source: string, change: Partial<InventoryImage> = {}): InventoryImage {
  return {
    source,
    digest: digest(source),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    size: 1234,
    platforms: ['linux/amd64', 'linux/arm64'],
    placements: [{ reference: `harbor.example.org/airgap-images/${source}`, askedForBy: 'both' }],
    pinnedBy: 'tag',
    ...change,
  };
}

const nginx = image('nginx:1.27');
const signature = image(`docker.io/library/nginx@${digest('signature')}`, {
  digest: digest('signature'),
  platforms: [],
  referrer: { subject: nginx.digest, images: [nginx.digest], artifactType: 'application/cosign' },
});
/** Attached to one platform's manifest. */
const attestation = image(`docker.io/library/nginx@${digest('attestation')}`, {
  digest: digest('attestation'),
  platforms: [],
  referrer: { subject: digest('a manifest within'), images: [nginx.digest] },
});

const bundles: Readonly<Record<string, Inventory>> = {
  'without images': sample([]).inventory,
  'with what is attached and a chart': sample(
    [],
    {
      images: [nginx, signature, attestation],
      chart: { name: 'image-swap', version: '1.5.3+1', digest: digest('the chart') },
    },
    { 'chart/image-swap-1.5.3_1.tgz': Buffer.from('the chart') },
  ).inventory,
  'a delta': sample([], {
    images: [nginx],
    base: {
      name: 'sample',
      version: '0.9.0',
      sequence: 1,
      inventoryDigest: digest('old'),
      blobs: [],
    },
  }).inventory,
  'a light one': sample([], { images: [nginx], imagesNotEmbedded: true }).inventory,
  'with odd names': sample([], {
    name: 'A.b_c-d',
    version: '1+2',
    images: [
      image('Registry.example:5000/a/b:V1', { originalDigest: digest('all platforms') }),
      image('no "image" name\u001b[2J\u202e\n</script>', { platforms: ['?/'] }),
      image('a.example/512:1', { digest: `sha512:${'5'.repeat(128)}` as Digest }),
    ],
    chart: { name: '"\u0007', version: '\u2028', digest: digest('none') },
  }).inventory,
  'with 500 images': sample([], {
    images: Array.from({ length: 500 }, (_, n) => image(`quay.io/team-${n % 7}/image-${n}:1.${n}`)),
  }).inventory,
};

describe.each(Object.entries(bundles))('the SBOM of a bundle %s', (_, inventory) => {
  test("is CycloneDX 1.6 by its project's library", async () => {
    expect(await cycloneDxFaults(printSbom('cyclonedx', inventory))).toEqual([]);
  });

  test("is SPDX 2.3 by its project's tools", { timeout: 60_000 }, async () => {
    expect(await spdxFaults(printSbom('spdx', inventory))).toBe('');
  });

  test('has no control or direction character', () => {
    for (const { bytes } of sbomFiles(inventory)) {
      expect(bytes.toString()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });
});

test('the validators find what is wrong', { timeout: 60_000 }, async () => {
  const { 'a delta': inventory } = bundles;
  if (!inventory) throw new Error('the sample is gone');
  const cdx = printSbom('cyclonedx', inventory).replace('"urn:uuid:', '"urn:other:');
  expect(await cycloneDxFaults(cdx)).not.toEqual([]);
  const spdx = printSbom('spdx', inventory).replace('"SPDXRef-1"', '"SPDXRef-1?"');
  expect(await spdxFaults(spdx)).toContain('SPDXRef-1?');
});

interface CycloneDx {
  readonly serialNumber: string;
  readonly components: readonly {
    'bom-ref': string;
    type: string;
    name: string;
    pedigree?: object;
  }[];
  readonly dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
}

interface Spdx {
  readonly packages: readonly { SPDXID: string; name: string; versionInfo?: string }[];
  readonly relationships: readonly {
    spdxElementId: string;
    relationshipType: string;
    relatedSpdxElement: string;
  }[];
}

const cdxOf = (inventory: Inventory | undefined): CycloneDx =>
  JSON.parse(printSbom('cyclonedx', inventory as Inventory));

/** `RELATIONSHIP NAME of what`, as a person would tell it. */
function relations(inventory: Inventory | undefined): string[] {
  const { packages, relationships }: Spdx = JSON.parse(printSbom('spdx', inventory as Inventory));
  const names = new Map(
    packages.map(({ SPDXID, name, versionInfo }) => [SPDXID, `${name} ${versionInfo}`]),
  );
  return relationships.map(
    ({ spdxElementId: from, relationshipType, relatedSpdxElement: to }) =>
      `${names.get(from)} ${relationshipType} ${names.get(to)}`,
  );
}

const nginxName = `docker.io/library/nginx ${nginx.digest}`;

test('what is attached says to what: the image of a manifest within it too', () => {
  const inventory = bundles['with what is attached and a chart'];
  const purl = `pkg:oci/nginx@${nginx.digest}?repository_url=docker.io%2Flibrary%2Fnginx&tag=1.27`;
  expect(cdxOf(inventory).dependencies.slice(1)).toEqual(
    [signature, attestation].map((entry) => ({
      ref: `pkg:oci/nginx@${entry.digest}?repository_url=docker.io%2Flibrary%2Fnginx`,
      dependsOn: [purl],
    })),
  );
  expect(relations(inventory).filter((line) => line.includes('METAFILE_OF'))).toEqual(
    [signature, attestation].map(
      (entry) => `docker.io/library/nginx ${entry.digest} METAFILE_OF ${nginxName}`,
    ),
  );
});

test.each([
  ['with what is attached and a chart', `CONTAINS ${nginxName}`],
  ['with what is attached and a chart', 'CONTAINS image-swap 1.5.3+1'],
  ['with what is attached and a chart', 'CONTAINS install.sh undefined'],
  ['a delta', 'DEPENDS_ON sample 0.9.0'],
  ['a delta', `CONTAINS ${nginxName}`],
  ['a light one', `DEPENDS_ON ${nginxName}`],
])('a bundle %s %s', (name, relation) => {
  expect(relations(bundles[name])).toContain(`sample 1.0.0 ${relation}`);
});

test('a pull-through image is not in the bundle', () => {
  const cache = 'harbor.example.org/airgap-images/quay.io';
  const { target } = sample([]).inventory;
  const { inventory } = sample([], {
    target: { ...target, pullThrough: [cache] },
    images: [image('quay.io/a/b:1')],
  });
  expect(relations(inventory).at(1)).toMatch(/^sample 1.0.0 DEPENDS_ON quay.io\/a\/b/);
});

test('an image that a filter made smaller names the one at its source', () => {
  const [component] = cdxOf(bundles['with odd names']).components;
  const original = `pkg:oci/b@${digest('all platforms')}?repository_url=Registry.example:5000%2Fa%2Fb&tag=V1`;
  expect(component?.pedigree).toEqual({
    ancestors: [{ type: 'container', name: 'Registry.example:5000/a/b', purl: original }],
  });
});

test('one image under two spellings of its name is one component', () => {
  const other = image('docker.io/library/nginx:1.27', { digest: nginx.digest });
  const { inventory } = sample([], { images: [nginx, other] });
  const containers = cdxOf(inventory).components.filter(({ type }) => type === 'container');
  expect(containers).toHaveLength(1);
  expect(JSON.stringify(containers)).toContain('"value":"docker.io/library/nginx:1.27"');
});

test("a stranger's list costs no more than its length", () => {
  const names = Array.from({ length: 20_000 }, (_, n) =>
    image(`a.example/b:${n}`, { digest: nginx.digest }),
  );
  const others = Array.from({ length: 5000 }, () => signature);
  const { inventory } = sample([], { images: [...names, ...others, ...names] });
  const { dependencies } = cdxOf(inventory);
  expect(dependencies[1]?.dependsOn).toHaveLength(100);
  expect(dependencies).toHaveLength(2);
});

test('neither SBOM nor sums nor credential are told, so that all stands in the plan', () => {
  const paths = ['sbom.cdx.json', 'sbom.spdx.json', 'credentials.tsv', 'credentials.tsv.age'];
  const [plain, full] = [
    sample([]).inventory,
    sample([], {}, Object.fromEntries(paths.map((path) => [path, Buffer.from(path)]))).inventory,
  ];
  expect(full.files.length).toBe(plain.files.length + paths.length);
  for (const form of ['cyclonedx', 'spdx'] as const) {
    expect(printSbom(form, full)).toBe(printSbom(form, plain));
  }
});

test('two bundles that differ in one file have another serial number', () => {
  const other = sample([], {}, { 'README.txt': Buffer.from('other') }).inventory;
  expect(cdxOf(other).serialNumber).not.toBe(cdxOf(bundles['without images']).serialNumber);
});
