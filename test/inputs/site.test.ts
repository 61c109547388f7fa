import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSite, type Site } from '../../src/inputs/site.ts';
import { failuresIn } from '../../src/report/error.ts';
import { errorText } from '../../src/report/error-text.ts';
import type { Event } from '../../src/report/events.ts';
import { makeAuthority } from '../helpers/tls.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  await writeFile(join(folder, 'ca.pem'), (await makeAuthority()).pem);
  await writeFile(join(folder, 'map'), 'docker.io::r.example/d\nquay.io::r.example/q\n');
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string): Promise<{ site?: Site; error: string; events: Event[] }> {
  await writeFile(join(folder, 'site.yaml'), text);
  const events: Event[] = [];
  const context = {
    ...{ env: {}, cwd: folder, temporary: folder, now: () => new Date() },
    signal: new AbortController().signal,
    emit: (event: Event) => void events.push(event),
  };
  try {
    return { site: await readSite('site.yaml', context), error: '', events };
  } catch (thrown) {
    const failures = failuresIn(thrown);
    if (failures.length === 0) throw thrown;
    return { error: failures.map(errorText).join('\n').replaceAll(folder, 'DIR'), events };
  }
}

test('the section at the top, under config:, or as JSON; what is left out is absent', async () => {
  const forms = [
    'ociImageRegistry: {endpoint: r.example}',
    'apiVersion: airgap-bundle/v1\nconfig:\n  ociImageRegistry:\n    endpoint: r.example\n',
    '{"ociImageRegistry": {"endpoint": "r.example"}}',
  ];
  for (const form of forms) {
    const { site } = await read(form);
    expect(site).toEqual({ path: join(folder, 'site.yaml'), endpoint: 'r.example', access: {} });
  }
});

test('all of it, with paths beside the file', async () => {
  const { site, error } = await read(`
ociImageRegistry:
  endpoint: r.example:5000
  name: site
  baseContentPath: /a/b/
  insecureSkipVerify: true
  caCert: ca.pem
  mirrorRegistries: {file: map}
registries:
  r.example:5000: {plainHttp: true, caCert: ca.pem}
pullThrough: [r.example:5000/hub]
`);
  expect(error).toBe('');
  expect(site).toMatchObject({
    name: 'site',
    baseContentPath: 'a/b',
    insecureSkipVerify: true,
    caCert: expect.stringContaining('BEGIN CERTIFICATE'),
    map: { mirrorRegistries: 'docker.io::r.example/d,quay.io::r.example/q' },
    access: {
      'r.example:5000': { plainHttp: true, caCert: expect.stringContaining('BEGIN CERTIFICATE') },
    },
    pullThrough: ['r.example:5000/hub'],
  });
});

test.each(['caCert:', 'caCert: ""'])('%s takes the CA of the bundle away', async (line) => {
  const { site } = await read(`ociImageRegistry:\n  ${line}\n`);
  expect(site?.caCert).toBe('');
});

test('a user name and password are of no use, and are never printed', async () => {
  const { site, events } = await read(
    'ociImageRegistry: {endpoint: r.example, username: u, password: geheim}',
  );
  expect(site?.endpoint).toBe('r.example');
  expect(events).toContainEqual({ kind: 'secret', value: 'geheim' });
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'warning', message: expect.stringMatching(/are not used/) }),
  );
  expect(JSON.stringify(site)).not.toContain('geheim');
});

describe('is refused', () => {
  const cases: readonly [what: string, text: string, error: RegExp][] = [
    ['nothing', '# nothing yet\n', /the site file holds no mapping\n +given: +DIR\/site.yaml/],
    [
      'a list',
      '- a\n',
      /holds no mapping\n.*\n +expected: +YAML that starts with `ociImageRegistry:`/,
    ],
    ['no field of use', 'apiVersion: airgap-bundle/v1', /says nothing of this site/],
    [
      'no YAML',
      'ociImageRegistry: {endpoint',
      /not valid YAML: .*\n +given: +DIR\/site.yaml:\d+:\d+/,
    ],
    [
      'an endpoint with a scheme',
      'ociImageRegistry: {endpoint: "https://r.example/x"}',
      /ociImageRegistry.endpoint is not host\[:port\][\s\S]*expected: +r\.example/,
    ],
    [
      'an unknown field',
      'ociImageRegistry: {endpoints: r.example}',
      /unknown field ociImageRegistry\.endpoints\n +given: +DIR\/site.yaml\n +next: +did you mean ociImageRegistry\.endpoint\?/,
    ],
    [
      'a field of bundle.yaml that is signed',
      'images: [a]',
      /unknown field images[\s\S]*expected: +apiVersion, ociImageRegistry, config, registries, pullThrough/,
    ],
    [
      'the section twice',
      'ociImageRegistry: {name: a}\nconfig: {ociImageRegistry: {name: a}}',
      /ociImageRegistry is given twice/,
    ],
    [
      'a word for a switch',
      'ociImageRegistry: {insecureSkipVerify: "yes"}',
      /insecureSkipVerify must be true or false, without quotes/,
    ],
    [
      'a mirror, which the target has none of',
      'registries: {r.example: {mirror: x.example}}',
      /unknown field registries\."r.example"\.mirror/,
    ],
    [
      'an entry of the map that the webhook would ignore',
      'ociImageRegistry:\n  mirrorRegistries: docker.io::r.example/d,quay.io\n',
      /ociImageRegistry\.mirrorRegistries:1:24: quay\.io has no "::"/,
    ],
    [
      'a base path that no repository can lie under',
      'ociImageRegistry: {baseContentPath: Upper}',
      /baseContentPath is no repository path/,
    ],
    [
      'a CA that is not there',
      'ociImageRegistry: {caCert: none.pem}',
      /ociImageRegistry.caCert: the certificate file is not there/,
    ],
  ];
  test.each(cases)('%s', async (_, text, error) => {
    expect((await read(text)).error).toMatch(error);
  });

  test('a file that is not there', async () => {
    const context = { cwd: folder } as Parameters<typeof readSite>[1];
    await expect(readSite('other.yaml', context)).rejects.toMatchObject({
      class: 'usage',
      message: 'the site file is not there',
      given: join(folder, 'other.yaml'),
    });
  });
});
