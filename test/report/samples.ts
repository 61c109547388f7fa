import type { CreateResult } from '../../src/commands/create.ts';
import type { PlanResult } from '../../src/commands/plan.ts';
import type { PlacedResult } from '../../src/commands/transferring.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { error, warning } from '../../src/plan/problem.ts';
import { AirgapError } from '../../src/report/error.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const MiB = 1024 ** 2;
const base = 'harbor.example.org/airgap';
const both = ['linux/amd64', 'linux/arm64'];
const image = {
  mediaType: 'application/vnd.oci.image.index.v1+json',
  size: 500,
  pinnedBy: 'tag',
  platforms: both,
} as const;
const controller = 'quay.io/jetstack/cert-manager-controller:v1.19.0';

/** Two registries, a signature, an image that two consumers ask for under two names, one that is left out. */
export const inventory: Inventory = {
  schemaVersion: 1,
  name: 'platform',
  version: '1.4.0',
  sequence: 7,
  createdAt: '2026-01-01T00:00:00Z',
  tool: { name: 'airgap-bundle', version: '1' },
  target: {
    endpoint: 'harbor.example.org',
    baseContentPath: 'airgap',
    plainHttp: false,
    insecureSkipVerify: false,
    mirrorMap: '',
    environment: 'airgap',
    pullThrough: [`${base}/cache`],
  },
  platforms: [],
  images: [
    {
      ...image,
      source: 'nginx:1.27',
      digest: digest('a'),
      placements: [
        { reference: `${base}/docker.io/nginx:1.27`, askedForBy: 'webhook' },
        { reference: `${base}/docker.io/library/nginx:1.27`, askedForBy: 'containerd' },
      ],
    },
    {
      ...image,
      source: controller,
      digest: digest('b'),
      placements: [{ reference: `${base}/${controller}`, askedForBy: 'both' }],
    },
    {
      ...image,
      source: controller.replace('v1.19.0', 'sha256-bb.sig'),
      digest: digest('c'),
      platforms: [],
      placements: [
        {
          reference: `${base}/quay.io/jetstack/cert-manager-controller:sha256-bb.sig`,
          askedForBy: 'both',
        },
      ],
      referrer: {
        subject: digest('b'),
        images: [digest('b')],
        artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
      },
    },
    {
      ...image,
      source: 'redis:7',
      digest: digest('d'),
      platforms: ['linux/amd64'],
      placements: [{ reference: `${base}/cache/library/redis:7`, askedForBy: 'both' }],
    },
    {
      ...image,
      source: 'example.org/tools:1',
      digest: digest('e'),
      platforms: [],
      placements: [],
    },
  ],
  files: [],
  blobs: [
    { digest: digest('a'), size: 67 * MiB },
    { digest: digest('b'), size: 18 * MiB },
    { digest: digest('c'), size: 1204 },
  ],
};

const coverage: PlanResult['coverage'] = { images: [], unmapped: [], unusedRules: [], lacking: [] };
const sizes = {
  images: {
    [digest('a')]: 67 * MiB,
    [digest('b')]: 46 * MiB,
    [digest('c')]: 1204,
    [digest('d')]: 41 * MiB,
    [digest('e')]: 0,
  },
  shared: 28 * MiB,
};

export const cleanPlan: PlanResult = {
  inventory: { ...inventory, images: inventory.images.filter((one) => one.placements.length > 0) },
  problems: [],
  coverage,
  sizes,
};

export const emptyPlan: PlanResult = {
  inventory: { ...inventory, images: [], blobs: [] },
  problems: [],
  coverage,
  sizes: { images: {}, shared: 0 },
};

export const planWithProblems: PlanResult = {
  inventory,
  problems: [
    warning(
      'unmapped',
      ['example.org/tools:1'],
      'no rule of the map covers example.org/tools:1: pods will ask example.org for it, and the bundle does not bring it\u001b[2K',
      'add example.org::harbor.example.org/airgap/example.org to the map',
    ),
    error(
      'unresolved',
      ['nginx:1.72'],
      'nginx:1.72 (images[3]): its registry does not have it',
      'correct the name or tag',
    ),
  ],
  coverage: { ...coverage, unusedRules: ['gcr.io::harbor.example.org/airgap/gcr.io'] },
  sizes,
};

export const deltaPlan: PlanResult = {
  ...cleanPlan,
  inventory: {
    ...cleanPlan.inventory,
    blobs: [{ digest: digest('b'), size: 18 * MiB }],
    base: {
      name: 'platform',
      version: '1.3.0',
      sequence: 6,
      inventoryDigest: digest('f'),
      blobs: [{ digest: digest('a'), size: 67 * MiB }],
    },
  },
  sizes: {
    ...sizes,
    added: { [digest('a')]: 0, [digest('b')]: 18 * MiB, [digest('c')]: 1204, [digest('d')]: 0 },
  },
};

export const refused = new AirgapError('refused', 'the target refuses the push of nginx:1.27', {
  given:
    'HTTP 403 from harbor.example.org: unauthorized to access repository: airgap/docker.io/nginx, action: push: denied',
  expected: 'an account that may push to the project airgap',
  next: 'airgap-bundle mirror -f bundle.yaml --push-username ci --push-password-file password-of-ci',
});

export const helmFailed = new AirgapError('cluster', 'helm failed\u001b[2K', {
  given: 'Error: INSTALLATION FAILED\nerror: not a line of ours',
  next: 'mend the chart',
});

export const placed: PlacedResult = {
  name: 'platform',
  version: '1.4.0',
  target: 'harbor.example.org',
  images: [
    {
      source: 'nginx:1.27',
      digest: digest('a'),
      placements: [
        { reference: `${base}/docker.io/nginx:1.27`, state: 'copied' },
        { reference: `${base}/docker.io/library/nginx:1.27`, state: 'placed' },
      ],
    },
    {
      source: controller,
      digest: digest('b'),
      placements: [{ reference: `${base}/${controller}`, state: 'there' }],
    },
    {
      source: 'redis:7',
      digest: digest('d'),
      placements: [{ reference: `${base}/cache/library/redis:7`, state: 'proved' }],
    },
  ],
  counts: { copied: 1, placed: 1, there: 1, proved: 1 },
  errors: [],
  referrers: 1,
  leftOut: ['example.org/tools:1'],
};

export const partlyPlaced: PlacedResult = {
  ...placed,
  images: placed.images.map((one, at) => ({
    ...one,
    placements:
      at === 0
        ? one.placements.map(({ reference }) => ({ reference, state: 'failed', error: refused }))
        : one.placements,
  })),
  counts: { failed: 2, there: 1, proved: 1 },
  errors: [refused],
};

export const brokenOff: PlacedResult = {
  ...partlyPlaced,
  errors: [new AirgapError('transient', 'the connection to harbor.example.org broke off')],
};

export const nothingPlaced: PlacedResult = {
  ...placed,
  images: placed.images.map((one) => ({
    ...one,
    placements: one.placements.map(({ reference }) => {
      return { reference, state: 'failed', error: refused };
    }),
  })),
  counts: { failed: 4 },
  errors: [refused],
  leftOut: [],
};

export const created: CreateResult = {
  bundle: '/work/dist/platform-1.4.0.tar',
  parts: ['/work/dist/platform-1.4.0.tar'],
  sha256: 'cd'.repeat(32),
  size: 85 * MiB,
  installScript: '/work/dist/install.sh',
  reused: 67 * MiB,
  resumed: 0,
  base: null,
  leftOut: 0,
  keyId: 'ab'.repeat(32),
  publicKey: 'bundle.pub',
  inventoryDigest: digest('f'),
  inventory,
};

export const createdDelta: CreateResult = {
  ...created,
  parts: ['001', '002', '003'].map((part) => `${created.bundle}.${part}`),
  reused: 0,
  resumed: 3 * MiB,
  base: { name: 'platform', version: '1.3.0', sequence: 6, inventoryDigest: digest('f') },
  leftOut: 67 * MiB,
  keyId: null,
  publicKey: null,
  inventory: cleanPlan.inventory,
};
