import { describe, expect, test } from 'vitest';
import { minimal, read, readSpec, withLine } from './read.ts';

/** bundle.yaml as the documentation shows it. */
const documented = `apiVersion: airgap-bundle/v1
name: pcg-override
version: 1.4.0
environment: airgap              # or non-airgap: the Secret alone is installed, no chart
ociImageRegistry:                # the section of the page, pasted as it is; nested under config: is accepted too
  endpoint: harbor.example.org
  name: harbor
  baseContentPath: airgap-images
  insecureSkipVerify: false
  mirrorRegistries: docker.io::harbor.example.org/airgap-images/docker.io,gcr.io::harbor.example.org/airgap-images/gcr.io
imageSwap: {chart: ./image-swap-1.5.3.tgz, initImage: ghcr.io/a/init:1, image: ghcr.io/a/swap:1, isEKSCluster: false}   # chart: path or oci://
images: [nginx:1.27, {list: images.txt}]       # '#' comments, blank lines, tag, digest, tag and digest
platforms: [linux/amd64]                       # absent: all
registries:                                    # how to reach a registry from here; credentials come from the docker config
  docker.io: {mirror: "127.0.0.1:5001/docker.io"}
  "127.0.0.1:5001": {plainHttp: true}          # also caCert, insecureSkipVerify, maxConcurrent
signing: {key: bundle.key}                     # or unsigned: true
pullThrough: [harbor.example.org/hub-proxy]    # target paths that cannot be pushed to (proxy caches): proved by a HEAD
tools: [linux/amd64, {platform: linux/arm64, oras: ./oras-arm64}]
credentials: {age: [age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg]}    # or embed, in clear text
sequence: 7                                    # optional, as expires:
`;

describe('a bundle file', () => {
  test('as the documentation shows it', async () => {
    const { spec, warnings } = await read(documented, { files: { 'images.txt': 'quay.io/a/b:1' } });
    const mirrorRegistries =
      'docker.io::harbor.example.org/airgap-images/docker.io,gcr.io::harbor.example.org/airgap-images/gcr.io';
    expect(warnings).toEqual([]);
    expect(spec).toEqual({
      folder: 'DIR/bundle',
      lockPath: 'DIR/bundle/bundle.lock',
      name: 'pcg-override',
      version: '1.4.0',
      environment: 'airgap',
      target: {
        endpoint: 'harbor.example.org',
        name: 'harbor',
        baseContentPath: 'airgap-images',
        insecureSkipVerify: false,
        mirrorRegistries,
        mirrorMap: expect.objectContaining({ problems: [] }),
        mapPlace: {
          file: 'DIR/bundle/bundle.yaml',
          field: ['ociImageRegistry', 'mirrorRegistries'],
        },
      },
      imageSwap: {
        chart: 'DIR/bundle/image-swap-1.5.3.tgz',
        initImage: 'ghcr.io/a/init:1',
        image: 'ghcr.io/a/swap:1',
        isEKSCluster: false,
      },
      images: [
        {
          ...{ image: 'nginx:1.27', origin: 'images[0]' },
          place: { file: 'DIR/bundle/bundle.yaml', field: ['images', 0] },
        },
        {
          ...{ image: 'quay.io/a/b:1', origin: 'images.txt:1' },
          place: { file: 'DIR/bundle/images.txt', line: 1 },
        },
      ],
      imageSources: [],
      covers: [],
      platforms: [{ os: 'linux', architecture: 'amd64' }],
      registries: {
        'harbor.example.org': { insecureSkipVerify: false },
        'docker.io': { mirror: '127.0.0.1:5001/docker.io' },
        '127.0.0.1:5001': { plainHttp: true },
      },
      signing: { key: 'DIR/bundle/bundle.key' },
      pullThrough: ['harbor.example.org/hub-proxy'],
      referrers: true,
      tools: [
        { platform: 'linux/amd64' },
        { platform: 'linux/arm64', oras: 'DIR/bundle/oras-arm64' },
      ],
      credentials: { age: ['age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg'] },
      sequence: 7,
    });
  });

  test.each([
    ['with the least', minimal],
    [
      'as JSON',
      '{"apiVersion": "airgap-bundle/v1", "name": "pcg", "version": "1.4.0",\n"images": ["nginx:1.27"], "ociImageRegistry": {"endpoint": "harbor.example.org", "name": "harbor", "baseContentPath": "airgap", "mirrorRegistries": "docker.io::harbor.example.org/airgap/docker.io"}}',
    ],
    [
      'nested under config',
      minimal
        .replace('ociImageRegistry:', 'config:\n  ociImageRegistry:')
        .replaceAll(/^ {2}(endpoint|name|base|mirror)/gm, '    $1'),
    ],
    ['with Windows line ends', minimal.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\uFEFF${minimal}`],
    ['with an empty caCert, as a pasted section has it', `${minimal}  caCert: ""\n`],
    ['with a caCert of nothing', `${minimal}  caCert:\n`],
    ['with slashes around the base path', withLine('baseContentPath', 'baseContentPath: /airgap/')],
    ['with a line for editors', `$schema: ./bundle.schema.json\n${minimal}`],
  ])('%s', async (_, text) => {
    expect(await readSpec(text)).toMatchObject({
      version: '1.4.0',
      environment: 'airgap',
      target: {
        endpoint: 'harbor.example.org',
        name: 'harbor',
        baseContentPath: 'airgap',
        insecureSkipVerify: false,
        mirrorRegistries: 'docker.io::harbor.example.org/airgap/docker.io',
      },
      images: [{ image: 'nginx:1.27' }],
      platforms: [],
      pullThrough: [],
    });
  });

  test.each([
    ['signing: {unsigned: true}', { signing: { unsigned: true } }],
    ['unsigned: true', { signing: { unsigned: true } }],
    ['expires: 2027-06-30', { expires: '2027-06-30T00:00:00Z' }],
    ['expires: "2027-06-30T12:00:00.5+02:00"', { expires: '2027-06-30T10:00:00Z' }],
    ['pullThrough: [harbor.example.org/hub/]', { pullThrough: ['harbor.example.org/hub'] }],
    ['pullThrough: [harbor.example.org]', { pullThrough: ['harbor.example.org'] }],
    ['imageSwap: {chart: oci://r.example/c:1}', { imageSwap: { chart: 'oci://r.example/c:1' } }],
    [
      'platforms: [linux/arm/v7]',
      { platforms: [{ os: 'linux', architecture: 'arm', variant: 'v7' }] },
    ],
  ])('%s', async (line, expected) => {
    expect(await readSpec(`${minimal}${line}\n`)).toMatchObject(expected);
  });

  test('without signing has none', async () => {
    expect(await readSpec(minimal)).not.toHaveProperty('signing');
    expect(await readSpec(`${minimal}unsigned: false\n`)).not.toHaveProperty('signing');
  });

  test('what registries says of the endpoint wins for our requests, the section for the cluster', async () => {
    const text = `${minimal}  insecureSkipVerify: true\nregistries: {harbor.example.org: {insecureSkipVerify: false, maxConcurrent: 2}}\n`;
    const { target, registries } = await readSpec(text);
    expect(target.insecureSkipVerify).toBe(true);
    expect(registries['harbor.example.org']).toEqual({
      insecureSkipVerify: false,
      maxConcurrent: 2,
    });
  });
});

describe('a pasted credential', () => {
  test.each([
    ['"hunter2-hunter2"', 'hunter2-hunter2'],
    ['12345678', '12345678'],
  ])('%s is masked, used for nothing, and warned of', async (written, secret) => {
    const { spec, warnings, events } = await read(
      `${minimal}  username: ci\n  password: ${written}\n`,
    );
    expect(events).toContainEqual({ kind: 'secret', value: secret });
    expect(warnings).toEqual([
      'username and password in ociImageRegistry are not used and not put into the bundle',
    ]);
    expect(JSON.stringify(spec)).not.toContain(secret);
  });

  test('that is empty is passed over', async () => {
    const { warnings, events } = await read(`${minimal}  username: ""\n  password:\n`);
    expect({ warnings, events }).toEqual({ warnings: [], events: [] });
  });
});

const at = 'DIR/bundle/bundle.yaml';

describe('mistakes', () => {
  test.each<[string, string, string]>([
    [
      'an empty file',
      '',
      `error: the bundle file holds no mapping\n  given:     ${at}\n  expected:  YAML that starts with \`apiVersion: airgap-bundle/v1\``,
    ],
    ['comments alone', '# to do\n', 'the bundle file holds no mapping'],
    ['a list', '- a\n', 'the bundle file holds no mapping'],
    [
      'a syntax error',
      withLine('images', 'images: [nginx:1.27'),
      `error: the bundle file is not valid YAML: deficient indentation\n  given:     ${at}:5:1`,
    ],
    ['a tab', withLine('images', 'images:\n\t- nginx'), `${at}:5:1`],
    [
      'a key that comes twice',
      `${minimal}name: again\n`,
      `error: the bundle file is not valid YAML: duplicated mapping key\n  given:     ${at}:10:1`,
    ],
    ['two documents', `${minimal}---\na: 1\n`, 'expected a single document'],
    [
      'an unknown field',
      `${minimal}colour: red\n`,
      `error: unknown field colour\n  given:     ${at}\n  expected:  apiVersion, name, version,`,
    ],
    [
      'a misspelt field',
      withLine('baseContentPath', 'basecontentpath: airgap'),
      `error: unknown field ociImageRegistry.basecontentpath\n  given:     ${at}\n  next:      did you mean ociImageRegistry.baseContentPath?`,
    ],
    [
      'a field at the wrong place',
      `${minimal}caCert: ./ca.pem\n`,
      'did you mean ociImageRegistry.caCert?',
    ],
    [
      'a missing section',
      minimal.replace(/ociImageRegistry:[\s\S]*/, ''),
      'error: ociImageRegistry is missing',
    ],
    [
      'a section twice',
      `${minimal}config: {ociImageRegistry: {endpoint: a.example, name: a, baseContentPath: a, mirrorRegistries: a::b}}\n`,
      'ociImageRegistry is given twice',
    ],
    [
      'a missing field',
      withLine('endpoint', ''),
      `error: ociImageRegistry.endpoint is missing\n  given:     ${at}\n  expected:  target registry, \`host[:port]\` without a scheme\n  next:      add it to bundle.yaml, or give --endpoint`,
    ],
    [
      'an empty field',
      withLine('endpoint', 'endpoint:'),
      'error: ociImageRegistry.endpoint is empty',
    ],
    ['no apiVersion', withLine('apiVersion', ''), 'apiVersion is missing'],
    [
      'another apiVersion',
      withLine('apiVersion', 'apiVersion: v2'),
      'apiVersion must be airgap-bundle/v1',
    ],
    [
      'a number as version',
      withLine('version', 'version: 1.10'),
      `error: version must be text\n  given:     1.1 in ${at}\n  expected:  version of the bundle; quote it where YAML would read a number\n  next:      quote it`,
    ],
    [
      'a number as version that lost its digits',
      withLine('version', 'version: 1.0'),
      'next:      quote it as it is written there, as in version: "1.0"',
    ],
    [
      'a version that is no tag',
      withLine('version', 'version: 1.4/0'),
      'version must be letters, digits, . _ - (at most 128): it becomes a tag',
    ],
    ['a name in upper case', withLine('name', 'name: PCG'), 'name must be lower-case letters'],
    [
      'a name that is too long',
      withLine('name', `name: ${'a'.repeat(101)}`),
      'name must be at most 100',
    ],
    [
      'images as text',
      withLine('images', 'images: nginx:1.27'),
      `error: images must be a list\n  given:     "nginx:1.27" in ${at}`,
    ],
    [
      'an image that is a number',
      withLine('images', 'images: [nginx, 27]'),
      'error: images[1] has the wrong form\n  given:     27',
    ],
    [
      'an image that is a mapping',
      withLine('images', 'images: [nginx, redis: 7]'),
      'error: images[1] has the wrong form\n  given:     a mapping',
    ],
    [
      'a misspelt list',
      withLine('images', 'images: [{lists: images.txt}]'),
      'did you mean images[0].list?',
    ],
    ['an empty list of images', withLine('images', 'images: []'), 'error: no image is listed'],
    [
      'a boolean in quotes',
      `${minimal}  insecureSkipVerify: "true"\n`,
      'ociImageRegistry.insecureSkipVerify must be true or false, without quotes',
    ],
    [
      'another environment',
      `${minimal}environment: airgapped\n`,
      'environment must be airgap or non-airgap',
    ],
    ['a negative sequence', `${minimal}sequence: -1\n`, 'sequence must be at least 0'],
    ['a sequence in words', `${minimal}sequence: first\n`, 'sequence must be a'],
    ['a broken sequence', `${minimal}sequence: 1.5\n`, 'sequence must be a whole number'],
    [
      'a date that is none',
      `${minimal}expires: 2027-02-30\n`,
      'error: expires has the wrong form\n  given:     "2027-02-30"',
    ],
    [
      'key and unsigned',
      `${minimal}signing: {key: a}\nunsigned: true\n`,
      'signing.key and unsigned: true contradict each other',
    ],
    [
      'key and unsigned in one',
      `${minimal}signing: {key: a, unsigned: true}\n`,
      'error: signing has the wrong form',
    ],
    ['a misspelt key', `${minimal}signing: {keys: a}\n`, 'did you mean signing.key?'],
    [
      'a platform without an os',
      `${minimal}platforms: [amd64]\n`,
      'error: platforms[0] is no platform\n  given:     amd64\n  expected:  os/architecture[/variant], such as linux/amd64',
    ],
    [
      'no request at a time',
      `${minimal}registries: {docker.io: {maxConcurrent: 0}}\n`,
      'error: registries."docker.io".maxConcurrent must be at least 1',
    ],
    [
      'half a request at a time',
      `${minimal}registries: {docker.io: {maxConcurrent: 1.5}}\n`,
      'error: registries."docker.io".maxConcurrent must be a whole number',
    ],
    [
      'a registry without a name',
      `${minimal}registries: {"": {plainHttp: true}}\n`,
      'is wrong: Invalid key in record',
    ],
    [
      'a field of no registry',
      `${minimal}registries: {docker.io: {plainHTTP: true}}\n`,
      'did you mean registries."docker.io".plainHttp?',
    ],
    [
      'a pasted section as text',
      `${minimal.replace(/ociImageRegistry:[\s\S]*/, '')}ociImageRegistry: harbor.example.org\n`,
      'ociImageRegistry must be a mapping',
    ],
  ])('%s', async (_, text, expected) => {
    expect((await read(text)).error).toContain(expected);
  });

  test.each([
    ['no JSON', 'not locked'],
    ['of another form', '{"images": {}}'],
  ])('a lock file that is %s', async (_, lock) => {
    const { error } = await read(minimal, { files: { 'bundle.lock': lock } });
    expect(error).toContain(
      'error: the lock file is not what plan --lock writes\n  given:     DIR/',
    );
    expect(error).toContain('next:      get it back from version control');
  });

  test('are named all at once', async () => {
    const text = `${withLine('endpoint', '')}environment: none\ncolour: red\n`;
    const { error } = await read(text);
    expect(error.match(/^error: .*/gm)).toEqual([
      'error: environment must be airgap or non-airgap',
      'error: ociImageRegistry.endpoint is missing',
      'error: unknown field colour',
    ]);
  });

  test('a file that is named and not there', async () => {
    const { error } = await read('', { file: false });
    expect(error).toContain('error: the bundle file is not there\n  given:     DIR/bundle.yaml');
    expect(error).toContain(
      'next:      make one with `airgap-bundle init`, or name another with -f FILE',
    );
  });
});

describe('hosts and paths', () => {
  test.each<[string, string, string]>([
    [
      'a scheme',
      withLine('endpoint', 'endpoint: https://harbor.example.org:8443'),
      'error: ociImageRegistry.endpoint is not host[:port]\n  given:     https://harbor.example.org:8443\n  expected:  harbor.example.org:8443',
    ],
    [
      'plain HTTP',
      withLine('endpoint', 'endpoint: http://h.example:5000/'),
      'next:      leave out http://, and add registries: {"h.example:5000": {plainHttp: true}}',
    ],
    [
      'a path',
      withLine('endpoint', 'endpoint: harbor.example.org/airgap'),
      'expected:  harbor.example.org\n  next:      write the host alone; a path belongs into baseContentPath',
    ],
    [
      'a port that is none',
      withLine('endpoint', 'endpoint: harbor.example.org:70000'),
      'is not host[:port]',
    ],
    [
      'a name without a dot',
      withLine('endpoint', 'endpoint: harbor'),
      'next:      write harbor:443',
    ],
    [
      'a base path in upper case',
      withLine('baseContentPath', 'baseContentPath: Airgap'),
      'ociImageRegistry.baseContentPath is no repository path',
    ],
    [
      'a registry with a scheme',
      `${minimal}registries: {"https://quay.io": {}}\n`,
      'error: registries."https://quay.io" is not host[:port]\n  given:     https://quay.io\n  expected:  quay.io',
    ],
    [
      'a registry with a path',
      `${minimal}registries: {docker.io/library: {}}\n`,
      'expected:  docker.io',
    ],
    [
      'another name of Docker Hub',
      `${minimal}registries: {index.docker.io: {}}\n`,
      'expected:  docker.io',
    ],
    [
      'a mirror with a scheme',
      `${minimal}registries: {quay.io: {mirror: "https://m.example/quay/"}}\n`,
      'error: registries."quay.io".mirror is not host[:port][/path]\n  given:     https://m.example/quay/\n  expected:  m.example/quay',
    ],
    [
      'a pull-through path elsewhere',
      `${minimal}pullThrough: [hub-proxy]\n`,
      'error: pullThrough[0] does not lie in the target\n  given:     hub-proxy\n  expected:  harbor.example.org/PATH',
    ],
  ])('%s', async (_, text, expected) => {
    expect((await read(text)).error).toContain(expected);
  });

  test.each([
    withLine('endpoint', 'endpoint: https://ci:hunter2@harbor.example.org'),
    `${minimal}registries: {quay.io: {mirror: "https://ci:hunter2@m.example"}}\n`,
  ])('a password in an address is not repeated, case %#', async (text) => {
    const { error } = await read(text);
    expect(error).toContain('https://***@');
    expect(error).not.toContain('hunter2');
  });

  test.each([
    'localhost',
    'localhost:5000',
    '127.0.0.1:5000',
    '[::1]:5000',
    'h.example',
    'registry:443',
  ])('the endpoint %s is one', async (endpoint) => {
    const spec = await readSpec(withLine('endpoint', `endpoint: "${endpoint}"`));
    expect(spec.target.endpoint).toBe(endpoint);
  });
});
