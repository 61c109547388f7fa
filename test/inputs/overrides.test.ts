import { describe, expect, test } from 'vitest';
import { splitList } from '../../src/inputs/overrides.ts';
import { settings, variableOf } from '../../src/inputs/settings.ts';
import type { BundleSpec } from '../../src/inputs/spec.ts';
import { minimal, read, readSpec } from './read.ts';

const map = (target: string) => `docker.io::harbor.example.org/${target}`;
const carried = ({ target }: BundleSpec) => target.mirrorRegistries;
const imagesOf = ({ images }: BundleSpec) => images.map(({ image }) => image);

/** A setting with a value for each layer: what bundle.yaml says, then variable and flag, and where they end up. */
const rows: [
  name: string,
  yaml: string,
  values: [string, string],
  at: (spec: BundleSpec) => unknown,
  seen: unknown[],
][] = [
  [
    'name',
    '',
    ['from-variable', 'from-flag'],
    (spec) => spec.name,
    ['pcg', 'from-variable', 'from-flag'],
  ],
  ['bundle-version', '', ['2', '3'], (spec) => spec.version, ['1.4.0', '2', '3']],
  [
    'environment',
    '',
    ['non-airgap', 'airgap'],
    (spec) => spec.environment,
    ['airgap', 'non-airgap', 'airgap'],
  ],
  [
    'endpoint',
    '',
    ['v.example', 'f.example:1'],
    (spec) => spec.target.endpoint,
    ['harbor.example.org', 'v.example', 'f.example:1'],
  ],
  ['registry-name', '', ['v', 'f'], (spec) => spec.target.name, ['harbor', 'v', 'f']],
  [
    'base-content-path',
    '',
    ['v', 'f'],
    (spec) => spec.target.baseContentPath,
    ['airgap', 'v', 'f'],
  ],
  [
    'insecure-skip-verify',
    '',
    ['true', 'false'],
    (spec) => spec.target.insecureSkipVerify,
    [false, true, false],
  ],
  [
    'mirror-registries',
    '',
    [map('v'), map('f')],
    carried,
    [map('airgap/docker.io'), map('v'), map('f')],
  ],
  [
    'mirror-registries-file',
    '',
    ['v.map', 'f.map'],
    carried,
    [map('airgap/docker.io'), map('v'), map('f')],
  ],
  [
    'chart',
    'imageSwap: {chart: a.tgz}',
    ['b.tgz', 'oci://r.example/c:1'],
    (spec) => spec.imageSwap.chart,
    ['DIR/bundle/a.tgz', 'DIR/b.tgz', 'oci://r.example/c:1'],
  ],
  [
    'init-image',
    'imageSwap: {initImage: a}',
    ['b', 'c'],
    (spec) => spec.imageSwap.initImage,
    ['a', 'b', 'c'],
  ],
  [
    'swap-image',
    'imageSwap: {image: a}',
    ['b', 'c'],
    (spec) => spec.imageSwap.image,
    ['a', 'b', 'c'],
  ],
  [
    'is-eks-cluster',
    'imageSwap: {isEKSCluster: true}',
    ['false', 'true'],
    (spec) => spec.imageSwap.isEKSCluster,
    [true, false, true],
  ],
  [
    'images',
    '',
    ['a:1, b:1', 'c:1\nd:1'],
    imagesOf,
    [['nginx:1.27'], ['a:1', 'b:1'], ['c:1', 'd:1']],
  ],
  ['images-file', '', ['v.txt', 'f.txt'], imagesOf, [['nginx:1.27'], ['v:1'], ['f:1']]],
  [
    'platforms',
    'platforms: [linux/amd64]',
    ['linux/arm64', 'linux/s390x'],
    (spec) => spec.platforms[0]?.architecture,
    ['amd64', 'arm64', 's390x'],
  ],
  [
    'pull-through',
    'pullThrough: [harbor.example.org/a]',
    ['harbor.example.org/b', 'harbor.example.org/c'],
    (spec) => spec.pullThrough,
    [['harbor.example.org/a'], ['harbor.example.org/b'], ['harbor.example.org/c']],
  ],
  [
    'referrers',
    'referrers: true',
    ['false', 'true'],
    (spec) => spec.referrers,
    [true, false, true],
  ],
  [
    'registry-mirrors',
    'registries: {quay.io: {mirror: a.example}}',
    ['quay.io=b.example', 'quay.io=c.example/q'],
    (spec) => spec.registries['quay.io']?.mirror,
    ['a.example', 'b.example', 'c.example/q'],
  ],
  [
    'plain-http',
    'registries: {a.example: {plainHttp: true}}',
    ['b.example', 'c.example'],
    (spec) => Object.keys(spec.registries).slice(1),
    [['a.example'], ['a.example', 'b.example'], ['a.example', 'b.example', 'c.example']],
  ],
  [
    'signing-key-file',
    'signing: {key: a.key}',
    ['b.key', '/c.key'],
    (spec) => spec.signing,
    [{ key: 'DIR/bundle/a.key' }, { key: 'DIR/b.key' }, { key: '/c.key' }],
  ],
  [
    'unsigned',
    'signing: {key: a.key}',
    ['true', 'false'],
    (spec) => spec.signing,
    [{ key: 'DIR/bundle/a.key' }, { unsigned: true }, undefined],
  ],
  [
    'retry-budget',
    'retryBudget: 90s',
    ['20m', '2h'],
    (spec) => spec.retryBudgetMs,
    [90e3, 12e5, 72e5],
  ],
  ['sequence', 'sequence: 1', ['2', '3'], (spec) => spec.sequence, [1, 2, 3]],
  [
    'expires',
    'expires: 2027-01-01',
    ['2027-01-02', '2027-01-03'],
    (spec) => spec.expires?.slice(0, 10),
    ['2027-01-01', '2027-01-02', '2027-01-03'],
  ],
];

const files = {
  '../v.map': map('v'),
  '../f.map': map('f'),
  '../v.txt': 'v:1',
  '../f.txt': 'f:1',
};

describe('flags lie over variables over the file, and their paths start in the working folder', () => {
  test.each(rows)('%s', async (name, yaml, [variable, flag], at, seen) => {
    const setting = settings.find((one) => one.name === name);
    if (!setting) throw new Error(`there is no setting ${name}`);
    const text = `${minimal}${yaml}\n`;
    const env = { [variableOf(setting)]: variable };
    const specs = [
      await readSpec(text, { files }),
      await readSpec(text, { files, env }),
      await readSpec(text, { files, env, flags: { [name]: flag } }),
    ];
    expect(specs.map(at)).toEqual(seen);
  });

  test('every setting is in the table, but for the two that name a CA', () => {
    expect([...rows.map(([name]) => name), 'ca-cert', 'ca-cert-file'].toSorted()).toEqual(
      settings.map(({ name }) => name).toSorted(),
    );
  });

  test.each(['ca-cert', 'ca-cert-file'])('%s names a file in the working folder', async (name) => {
    const { error } = await read(minimal, { flags: { [name]: 'ca.pem' } });
    expect(error).toContain('the certificate file is not there\n  given:     DIR/ca.pem');
  });

  test('a CA may be text', async () => {
    const { error } = await read(minimal, { env: { AIRGAP_BUNDLE_CA_CERT: '-----BEGIN X' } });
    expect(error).toContain('no certificate is in it');
  });
});

describe('a layer', () => {
  test('that is empty is none', async () => {
    expect((await readSpec(minimal, { env: { AIRGAP_BUNDLE_NAME: '' } })).name).toBe('pcg');
  });

  test('says all of a twin: a flag takes the place of a variable for its other half', async () => {
    const env = {
      AIRGAP_BUNDLE_MIRROR_REGISTRIES_FILE: 'v.map',
      AIRGAP_BUNDLE_IMAGES_FILE: 'v.txt',
    };
    const flags = { 'mirror-registries': map('f'), images: ['f:1'] };
    const spec = await readSpec(minimal, { files, env, flags });
    expect([carried(spec), imagesOf(spec)]).toEqual([map('f'), ['f:1']]);
  });

  test("of a key takes back the file's unsigned", async () => {
    const flags = { 'signing-key-file': '/a.key' };
    for (const line of ['unsigned: true', 'signing: {unsigned: true}']) {
      const { signing } = await readSpec(`${minimal}${line}\n`, { flags });
      expect(signing).toEqual({ key: '/a.key' });
    }
  });

  test('may have images and a file of them', async () => {
    const flags = { images: ['a:1'], 'images-file': 'f.txt' };
    expect(imagesOf(await readSpec(minimal, { files, flags }))).toEqual(['a:1', 'f:1']);
  });

  test('reaches a section that is nested under config', async () => {
    const nested = minimal
      .replace('ociImageRegistry:', 'config:\n  ociImageRegistry:')
      .replaceAll(/^ {2}(endpoint|name|base|mirror)/gm, '    $1');
    const spec = await readSpec(nested, { flags: { endpoint: 'f.example' } });
    expect(spec.target.endpoint).toBe('f.example');
  });

  test.each<[string, Record<string, string | boolean>, string]>([
    [
      'a sequence that is no number',
      { sequence: '7a' },
      'sequence is no whole number\n  given:     7a',
    ],
    [
      'a switch that is neither',
      { 'insecure-skip-verify': 'yes' },
      'insecure-skip-verify is neither true nor false\n  given:     yes',
    ],
    [
      'a mirror without =',
      { 'registry-mirrors': 'quay.io' },
      'registry-mirrors takes pairs\n  given:     quay.io\n  expected:  docker.io=127.0.0.1:5001/docker.io',
    ],
    ['no image, as of a variable that is empty', { images: '' }, 'names no image'],
    ['images that are a comment', { images: '# none', 'images-file': 'a' }, 'names no image'],
    [
      'a map and a file of one',
      { 'mirror-registries': map('a'), 'mirror-registries-file': 'a' },
      'mirror-registries and mirror-registries-file are both given',
    ],
    [
      'key and unsigned',
      { 'signing-key-file': 'a', unsigned: true },
      'signing-key-file and unsigned are both given',
    ],
    [
      'a value that the field refuses',
      { environment: 'prod' },
      'environment must be airgap or non-airgap\n  given:     "prod" in --environment',
    ],
  ])('refuses %s', async (_, flags, expected) => {
    expect((await read(minimal, { flags })).error).toContain(expected);
  });

  test('names the variable whose value is refused', async () => {
    const { error } = await read(minimal, { env: { AIRGAP_BUNDLE_EXPIRES: 'soon' } });
    expect(error).toContain('given:     "soon" in AIRGAP_BUNDLE_EXPIRES');
  });
});

describe('without a file', () => {
  const everything = {
    AIRGAP_BUNDLE_NAME: 'pcg',
    AIRGAP_BUNDLE_VERSION: '1',
    AIRGAP_BUNDLE_ENDPOINT: 'h.example',
    AIRGAP_BUNDLE_REGISTRY_NAME: 'h',
    AIRGAP_BUNDLE_BASE_CONTENT_PATH: 'a',
    AIRGAP_BUNDLE_MIRROR_REGISTRIES: 'docker.io::h.example/a',
    AIRGAP_BUNDLE_IMAGES: 'nginx:1',
  };

  test('variables may say everything', async () => {
    const { folder, target } = await readSpec('', { file: false, env: everything });
    expect([folder, target.endpoint]).toEqual(['DIR', 'h.example']);
  });

  test('what they leave out is missing', async () => {
    const { AIRGAP_BUNDLE_ENDPOINT: _, ...rest } = everything;
    const { error } = await read('', { file: false, env: rest });
    expect(error).toContain('error: ociImageRegistry.endpoint is missing');
  });
});

test.each([
  ['a, b,c', ['a', 'b', 'c']],
  ['a\nb\r\n\n c ', ['a', 'b', 'c']],
  ['a # first\n# none\nb#1', ['a', 'b#1']],
  ['', []],
])('the list %j', (text, items) => {
  expect(splitList(text)).toEqual(items);
});
