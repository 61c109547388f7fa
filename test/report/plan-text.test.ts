import { expect, test } from 'vitest';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { error, warning } from '../../src/plan/problem.ts';
import { planText, repositoriesText } from '../../src/report/plan-text.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const base = 'harbor.example.org/airgap';
const image = {
  mediaType: 'application/vnd.oci.image.index.v1+json',
  size: 500,
  pinnedBy: 'tag',
} as const;

const inventory: Inventory = {
  schemaVersion: 1,
  name: 'pcg',
  version: '1',
  sequence: 1,
  createdAt: '2026-01-01T00:00:00Z',
  tool: { name: 'airgap-bundle', version: '1' },
  target: {
    endpoint: 'harbor.example.org',
    baseContentPath: 'airgap',
    plainHttp: false,
    insecureSkipVerify: false,
    mirrorMap: '',
    environment: 'airgap',
  },
  platforms: [],
  images: [
    {
      ...image,
      source: 'nginx:1.27',
      digest: digest('a'),
      platforms: ['linux/amd64', 'linux/arm64'],
      placements: [
        { reference: `${base}/docker.io/nginx:1.27`, askedForBy: 'webhook' },
        { reference: `${base}/docker.io/library/nginx:1.27`, askedForBy: 'containerd' },
      ],
    },
    {
      ...image,
      source: 'quay.io/a/b:1',
      digest: digest('b'),
      platforms: [],
      placements: [{ reference: `${base}/quay.io/a/b:1`, askedForBy: 'both' }],
    },
    {
      ...image,
      source: 'example.org/a:1',
      digest: digest('c'),
      platforms: ['linux/amd64'],
      placements: [],
    },
  ],
  files: [],
  blobs: [
    { digest: digest('a'), size: 500 },
    { digest: digest('b'), size: 1548 },
  ],
};

const nothing = { images: [], unmapped: [], unusedRules: [], lacking: [] };
const coverage = { ...nothing, unusedRules: ['gcr.io::harbor.example.org/airgap/gcr.io'] };

test('a plan as people see it', () => {
  const problems = [
    error(
      'unresolved',
      ['x'],
      'x (images[0]): its registry does not have it',
      'correct the name or tag',
    ),
    warning('unmapped', ['y'], 'no rule maps y\u001b[2K', 'add y::TARGET to the map'),
  ];
  expect(
    planText({ inventory, problems, coverage }),
  ).toBe(`error: unresolved: x (images[0]): its registry does not have it
  cure: correct the name or tag

warning: unmapped: no rule maps y\\u{1b}[2K
  cure: add y::TARGET to the map

IMAGE            DIGEST               PLATFORMS                ASKED FOR BY  PLACEMENT
nginx:1.27       sha256:aaaaaaaaaaaa  linux/amd64,linux/arm64  webhook       harbor.example.org/airgap/docker.io/nginx:1.27
                                                               containerd    harbor.example.org/airgap/docker.io/library/nginx:1.27
quay.io/a/b:1    sha256:bbbbbbbbbbbb  -                        both          harbor.example.org/airgap/quay.io/a/b:1
example.org/a:1  sha256:cccccccccccc  linux/amd64              -             (no rule maps it)

no image needs these entries of the map: gcr.io::harbor.example.org/airgap/gcr.io

3 images, 3 placements in harbor.example.org, 2 unique blobs, 2.0 KiB`);
});

test('a plan of nothing', () => {
  expect(
    planText({
      inventory: { ...inventory, images: [], blobs: [] },
      problems: [],
      coverage: nothing,
    }),
  ).toBe('0 images, 0 placements in harbor.example.org, 0 unique blobs, 0 B');
});

test('what must exist in the target, for scripts', () => {
  expect(repositoriesText(inventory)).toBe(`project\tharbor.example.org/airgap
repository\tharbor.example.org/airgap/bundles/pcg
repository\tharbor.example.org/airgap/docker.io/library/nginx
repository\tharbor.example.org/airgap/docker.io/nginx
repository\tharbor.example.org/airgap/quay.io/a/b
`);
});
