import type { Digest } from '../../src/oci/digest.ts';
import type { RunFacts } from '../../src/paper/facts.ts';
import type { Inventory, InventoryImage } from '../../src/plan/inventory.ts';
import type { ImageContents } from '../../src/plan/map-edges.ts';
import { AirgapError } from '../../src/report/error.ts';

export const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;

const target = 'harbor.example.org/airgap';

export function image(
  source: string,
  letter: string,
  more: Partial<InventoryImage> = {},
): InventoryImage {
  return {
    source,
    digest: digest(letter),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    size: 500,
    platforms: ['linux/amd64', 'linux/arm64'],
    placements: [{ reference: `${target}/${source}`, askedForBy: 'both' }],
    pinnedBy: 'tag',
    ...more,
  };
}

const images = [
  image('docker.io/library/nginx:1.27', 'a'),
  image(`docker.io/library/nginx@${digest('c')}`, 'c', {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platforms: [],
    placements: [
      { reference: `${target}/docker.io/library/nginx:sha256-aaaa.sig`, askedForBy: 'both' },
    ],
    pinnedBy: 'digest',
    referrer: {
      subject: digest('a'),
      images: [digest('a')],
      artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
    },
  }),
  image('quay.io/calico/node:v3.30.3', 'b', {
    originalDigest: digest('d'),
    placements: [
      { reference: `${target}/quay.io/calico/node:v3.30.3`, askedForBy: 'webhook' },
      { reference: `${target}/mirror/calico/node:v3.30.3`, askedForBy: 'containerd' },
    ],
  }),
  image('ghcr.io/nobody/maps:1', 'e', { placements: [] }),
];

export const inventory: Inventory = {
  schemaVersion: 1,
  name: 'edge',
  version: '1.4.0',
  sequence: 7,
  createdAt: '2026-11-22T16:00:00Z',
  expiresAt: '2027-06-30T00:00:00Z',
  tool: { name: 'airgap-bundle', version: '0.1.0' },
  target: {
    endpoint: 'harbor.example.org',
    baseContentPath: 'airgap',
    plainHttp: false,
    insecureSkipVerify: false,
    mirrorMap: `docker.io::${target}/docker.io\nquay.io::${target}/quay.io\n`,
    environment: 'airgap',
  },
  platforms: ['linux/amd64'],
  images,
  files: [{ path: 'install.sh', size: 4096, sha256: 'f'.repeat(64), mode: 0o755 }],
  blobs: [
    { digest: digest('a'), size: 500 },
    { digest: digest('1'), size: 3_000_000 },
  ],
  chart: { name: 'image-swap', version: '1.5.3', digest: digest('8') },
};

const base = { digest: digest('1'), size: 3_000_000 };

export const contents: ImageContents = new Map([
  [digest('a'), [{ digest: digest('a'), size: 500 }, base, { digest: digest('2'), size: 20_000 }]],
  [digest('b'), [{ digest: digest('b'), size: 500 }, base, { digest: digest('3'), size: 40_000 }]],
  [digest('c'), [{ digest: digest('c'), size: 700 }]],
]);

/** A `create` that was signed; with a warning and an override. */
export const created: RunFacts = {
  verb: 'create',
  at: new Date('2026-11-22T16:01:02.345Z'),
  inventory,
  bundle: { file: 'edge-1.4.0.tar', size: 3_100_000, inventoryDigest: digest('9') },
  signature: { state: 'signed', keyId: 'key-1' },
  overrides: [{ kind: 'plain-http', message: 'lab.example.org was read unencrypted' }],
  problems: [
    {
      kind: 'unmapped',
      severity: 'warning',
      images: ['ghcr.io/nobody/maps:1'],
      message: 'no rule maps ghcr.io/nobody/maps:1',
      cure: 'add ghcr.io::harbor.example.org/airgap/ghcr.io',
    },
  ],
  contents,
  errors: [],
  namedBy: new Map([
    ['docker.io/library/nginx:1.27', ['images[0]', 'web.yaml:6 Pod web spec.containers[0].image']],
    ['quay.io/calico/node:v3.30.3', ['images.txt:3']],
  ]),
  files: [
    { name: 'edge-1.4.0.tar', size: 3_100_000, sha256: '5'.repeat(64) },
    { name: 'install.sh', size: 4096, sha256: 'f'.repeat(64) },
  ],
  tools: [
    { name: 'airgap-bundle', version: '0.1.0' },
    { name: 'node', version: '20.18.1' },
  ],
};

/** A `load` of which one placement failed. */
export function loaded(): RunFacts {
  const error = new AirgapError('refused', 'the target refuses the push', {
    given: '403 DENIED',
    next: 'give the user the right to push there',
  });
  const results = images.map(({ source, digest: found, placements }) => ({
    source,
    digest: found,
    placements: placements.map(({ reference }) =>
      reference.includes('/mirror/')
        ? { reference, state: 'failed' as const, error }
        : { reference, state: 'copied' as const },
    ),
  }));
  const { problems: _, namedBy: __, ...facts } = created;
  return {
    ...facts,
    verb: 'load',
    signature: { state: 'verified', keyId: 'key-1' },
    overrides: [{ kind: 'let-pass', message: 'the bundle is older than the one loaded last' }],
    placed: results,
    errors: [error],
    files: [],
  };
}

/** Names and texts that try to be something else. */
export const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  ']]> --> </style></title></svg>',
  'a | b || `c` ``d`` \\| \\` [x](javascript:alert(1)) ![y](https://evil.example/z.png)',
  'line\nbreak\r\n# heading\n- item',
  '\u202emoc.live\u202c \u0007 \u001b[31mred \u2028 \u0000',
  '&lt;b&gt; &#60;i&#62; @someone https://evil.example www.evil.example',
  'style a fill:red; click a "https://evil.example"; end',
  '**bold** _it_ ~~gone~~ $$x$$ <!-- -->',
] as const;

/** The same run, with such texts wherever strangers write. */
export function hostileFacts(facts: RunFacts): RunFacts {
  const all = hostile.join(' ');
  const [first, ...others] = images;
  const mad = hostile.map((text, at) =>
    image(text, at.toString(16), {
      platforms: [text],
      placements: [{ reference: `harbor.example.org/${text}`, askedForBy: 'both' }],
    }),
  );
  const referrer = { subject: digest('a'), images: [digest('a')], artifactType: all };
  return {
    ...facts,
    inventory: {
      ...facts.inventory,
      tool: { name: all, version: all },
      chart: { name: all, version: all, digest: digest('8') },
      target: { ...inventory.target, baseContentPath: all, mirrorMap: `${all}\n${all}::${all}` },
      images: [...(first ? [first] : []), ...others, ...mad, image(all, 'f', { referrer })],
    },
    overrides: [{ kind: 'let-pass', message: all }],
    problems: [{ kind: 'collision', severity: 'error', images: [all], message: all, cure: all }],
    namedBy: new Map([['docker.io/library/nginx:1.27', [...hostile, all]]]),
    placed: [],
    errors: [new AirgapError('refused', all, { given: all, expected: all, next: all })],
    files: [{ name: all, size: 1, sha256: '0'.repeat(64) }],
  };
}
