import { chmod, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, section, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { freePort, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { expectReadable } from './readable.ts';

const names = ['docker.io', 'quay.io', 'gcr.io', 'k8s.gcr.io'];

let source: TestRegistry;
/** Before the source, so that it can fail. */
let front: FrontProxy;
/** Wants another password than the docker config has. */
let locked: TestRegistry;
/** Has a certificate of an authority that nobody knows. */
let secure: TestRegistry;
let authority: Authority;
let target: TestRegistry;
let job: Job;
/** Where nobody listens. */
let nobody: string;

beforeAll(async () => {
  authority = await makeAuthority();
  const tls = await authority.issue(['IP:127.0.0.1']);
  [source, locked, secure, target, job, nobody] = await Promise.all([
    startRegistry(),
    startRegistry({ htpasswd: { username: 'puller', password: 'right' } }),
    startRegistry({ tls }),
    startRegistry(),
    startKeyedJob(),
    freePort().then((port) => `127.0.0.1:${port}`),
  ]);
  front = await startFrontProxy(source.host);
  for (const path of ['docker.io/library/nginx', 'quay.io/a/b', 'gcr.io/pause', 'k8s.gcr.io/pause'])
    await pushImage(source.host, path, '1', { layers: [path] });
  const auth = Buffer.from('puller:wrong').toString('base64');
  const config = { auths: { [locked.host]: { auth } } };
  await job.write('home/.docker/config.json', JSON.stringify(config));
});

afterAll(async () => {
  await front.stop();
  const registries = [source, locked, secure, target];
  await Promise.all([...registries.map((one) => one.stop()), job.remove(), authority.remove()]);
});

/** Fields of a bundle.yaml that is right. */
const right = () => ({ images: ['nginx:1', 'quay.io/a/b:1'], registries: reaching({}) });
const reaching = (others: object) => ({ ...reached(front.host, target.host, names), ...others });
const mapped = (map: string) => ({
  ociImageRegistry: {
    ...section(target.host),
    mirrorRegistries: map.replaceAll('T/', `${target.host}/`),
  },
});

interface Case {
  readonly title: string;
  /** What is different from a bundle.yaml that is right. */
  readonly fields: () => object;
  readonly exitCode: number;
  /** What the message must say, all of it. */
  readonly says: readonly (string | RegExp)[];
}

const cases: readonly Case[] = [
  {
    title: 'an unknown field',
    fields: () => ({ imagez: ['nginx:1'] }),
    exitCode: 2,
    says: [/unknown field \W?imagez/, 'bundle.yaml'],
  },
  {
    title: 'an unknown field in the section',
    fields: () => ({ ociImageRegistry: { ...section(target.host), endPoint: 'x' } }),
    exitCode: 2,
    says: [/unknown field .*endPoint/, 'ociImageRegistry'],
  },
  {
    title: 'a missing endpoint',
    fields: () => {
      const { endpoint: _, ...rest } = section(target.host);
      return { ociImageRegistry: rest };
    },
    exitCode: 2,
    says: ['ociImageRegistry.endpoint is missing'],
  },
  {
    title: 'an endpoint with a scheme',
    fields: () => ({ ociImageRegistry: section(`https://${target.host}`) }),
    exitCode: 2,
    says: ['ociImageRegistry.endpoint is not host[:port]', /expected: +127\.0\.0\.1:\d+\n/],
  },
  {
    title: 'a map entry without ::',
    fields: () => mapped('docker.io::T/m/docker.io,quay.io'),
    exitCode: 2,
    says: [/error: .*mirrorRegistries:1:\d+: /, 'quay.io', '::', 'source::target'],
  },
  {
    title: 'unknown images, all of them named at once',
    fields: () => ({ images: ['nginx:nope', 'quay.io/a/gone:1', 'quay.io/a/b:1', 'nginx:1:2'] }),
    exitCode: 2,
    says: ['nginx:nope', 'quay.io/a/gone:1', 'its registry does not have it', 'nginx:1:2'],
  },
  {
    title: 'a registry that cannot be reached',
    fields: () => ({
      registries: reaching({ 'docker.io': { mirror: nobody }, [nobody]: { plainHttp: true } }),
    }),
    exitCode: 9,
    says: ['nginx:1', /127\.0\.0\.1:\d+ refuses the connection/, 'run again'],
  },
  {
    title: 'a wrong password',
    fields: () => ({
      registries: reaching({
        'quay.io': { mirror: locked.host },
        [locked.host]: { plainHttp: true },
      }),
    }),
    exitCode: 7,
    says: ['quay.io/a/b:1', /127\.0\.0\.1:\d+/, /docker login/],
  },
  {
    title: 'an unknown CA',
    fields: () => ({ registries: reaching({ 'quay.io': { mirror: secure.host } }) }),
    exitCode: 2,
    says: ['quay.io/a/b:1', 'not trusted', 'caCert'],
  },
  {
    title: 'two sources that collide',
    fields: () => ({
      ...mapped('gcr.io::T/m/gcr.io,k8s.gcr.io::T/m/gcr.io'),
      images: ['gcr.io/pause:1', 'k8s.gcr.io/pause:1'],
    }),
    exitCode: 2,
    says: [
      'collision',
      'gcr.io/pause:1 (sha256:',
      'k8s.gcr.io/pause:1 (sha256:',
      '/m/gcr.io/pause:1',
    ],
  },
  {
    title: 'a rewrite loop',
    fields: () =>
      mapped(
        'docker.io::T/m/docker.io,quay.io::T/m/quay.io,default::T/m,noswap_wildcards::elsewhere',
      ),
    exitCode: 2,
    says: ['rewrite-loop', 'nginx:1', /next: .*noswap_wildcards::.*127\.0\.0\.1:\d+/],
  },
  {
    title: 'a chart that is not there',
    fields: () => ({ imageSwap: { chart: './nowhere.tgz' } }),
    exitCode: 2,
    says: ['imageSwap.chart is not there', 'nowhere.tgz'],
  },
  {
    title: 'a chart that is none',
    fields: () => ({ imageSwap: { chart: './bundle.key' } }),
    exitCode: 2,
    says: ['chart', 'bundle.key'],
  },
];

const table = cases.map((one) => [one.title, one] as const);

describe('create and mirror refuse, and send nothing to the target', () => {
  test.each(table)('%s', async (_, { fields, exitCode, says }) => {
    await job.bundle(target.host, { ...right(), ...fields() });
    const verbs = [['create', '-o', 'out'], ['mirror']];
    const asked = await requestsOf(target, async () => {
      const argv = ['-f', 'bundle.yaml', '--output', 'json'];
      const ended = await Promise.all(verbs.map((verb) => job.run(...verb, ...argv)));
      for (const one of ended) expectReadable(one, exitCode, says);
    });
    expect(asked).toEqual([]);
    expect(await filesIn('out')).toEqual([]);
  });

  test.each([
    ['a syntax error', 'name: [', 'not valid YAML', /bundle\.yaml:\d+:\d+/],
    ['no mapping', '- a\n', 'holds no mapping', /apiVersion/],
  ])('a bundle.yaml with %s', async (_, text, ...says) => {
    await job.write('bundle.yaml', text);
    const ended = await job.run('create', '-f', 'bundle.yaml', '-o', 'out', '--output', 'json');
    expectReadable(ended, 2, says);
  });

  test('plan shows the inventory all the same when a plan has errors', async () => {
    const map = mapped('gcr.io::T/m/gcr.io,k8s.gcr.io::T/m/gcr.io');
    const images = ['gcr.io/pause:1', 'k8s.gcr.io/pause:1'];
    await job.bundle(target.host, { ...right(), ...map, images });
    const ended = await job.run('plan', '-f', 'bundle.yaml', '-o', 'plan.json', '--output', 'json');
    expect(ended.exitCode).toBe(2);
    expect(ended.json.inventory.images).toHaveLength(2);
    expect(ended.json.problems).toContainEqual(
      expect.objectContaining({ kind: 'collision', severity: 'error', cure: expect.any(String) }),
    );
    expect(await filesIn('.')).not.toContain('plan.json');
  });

  test('plan shows it also when a registry has something that is no image', async () => {
    const schema1 = { schemaVersion: 1, name: 'a/b', tag: '1', fsLayers: [] };
    const headers = { 'content-type': 'application/vnd.docker.distribution.manifest.v1+json' };
    front.rules.push(({ path }) =>
      /quay\.io.*\/manifests\//.test(path)
        ? { status: 200, headers, body: JSON.stringify(schema1) }
        : undefined,
    );
    await job.bundle(target.host, { ...right() });
    const ended = await job.run('plan', '-f', 'bundle.yaml', '--output', 'json');
    front.rules.pop();
    expect(ended.exitCode).toBe(2);
    expect(ended.json.inventory.images.map(({ source }) => source)).toEqual(['nginx:1']);
    expect(ended.json.problems).toContainEqual(
      expect.objectContaining({
        kind: 'unresolved',
        message: expect.stringMatching(/^quay\.io\/a\/b:1 \(images\[1\]\): /),
      }),
    );
  });
});

describe('create refuses', () => {
  const create = async (fields: object, ...argv: string[]) => {
    await job.bundle(target.host, { ...right(), ...fields });
    return job.run('create', '-f', 'bundle.yaml', '-o', 'out', '--output', 'json', ...argv);
  };

  test('a bundle that is neither signed nor said to be unsigned', async () => {
    const ended = await create({ signing: undefined });
    expectReadable(ended, 2, ['how the bundle is signed', 'unsigned: true', 'keygen']);
    expect(await filesIn('out')).toEqual([]);
  });

  test('an out folder that cannot be', async () => {
    const ended = await create({}, '-o', 'bundle.yaml/out');
    expectReadable(ended, 10, ['bundle.yaml/out']);
  });

  test('a key that is not there', async () => {
    const ended = await create({ signing: { key: 'nowhere.key' } });
    expectReadable(ended, 2, ['nowhere.key']);
  });

  test.each([
    ['is altered on the way', 5, () => ({ status: 200, body: 'something else' })],
    ['is gone', 2, () => ({ status: 404 })],
  ])('a layer that %s, and leaves an earlier bundle as it is', async (_, exitCode, answer) => {
    const done = await create({}, '-o', 'kept');
    expect(done.exitCode).toBe(0);
    const before = await Promise.all((await filesIn('kept')).map(contentOf));
    const version = { images: ['quay.io/a/b:1'] };
    front.rules.push(({ path }) => (/quay\.io.*\/blobs\//.test(path) ? answer() : undefined));
    const ended = await create(version, '-o', 'kept');
    front.rules.pop();
    expectReadable(ended, exitCode, [/sha256:[0-9a-f]{12}/]);
    const final = (await filesIn('kept')).filter((file) => !file.endsWith('.partial'));
    expect(await Promise.all(final.map(contentOf))).toEqual(before);
  });
});

describe('mirror refuses', () => {
  test.each([
    [
      'no oras',
      '/nonexistent',
      ['oras was not found', 'oras 1.3.6 or later', 'AIRGAP_BUNDLE_ORAS'],
    ],
    ['an oras that is too old', undefined, ['oras is too old', '1.2.0', 'oras 1.3.6 or later']],
  ])('%s', async (_, path, says) => {
    await chmod(await job.write('old/oras', '#!/bin/sh\necho "Version:        1.2.0"\n'), 0o755);
    await job.bundle(target.host, right());
    const how = { env: { PATH: path ?? `${job.path('old')}:/usr/bin:/bin` } };
    const asked = await requestsOf(target, async () => {
      const ended = await job.runWith(how, 'mirror', '-f', 'bundle.yaml', '--output', 'json');
      expectReadable(ended, 3, says);
    });
    expect(asked).toEqual([]);
  });

  test('a target that cannot be reached, and says so once however many placements there are', async () => {
    const registries = reached(front.host, nobody, names);
    await job.bundle(nobody, { ...right(), registries });
    const ended = await job.run('mirror', '-f', 'bundle.yaml', '--output', 'json');
    expect(ended.exitCode).toBe(9);
    expect(ended.json.counts).toEqual({ failed: 3 });
    expect(ended.json.errors).toEqual([
      expect.objectContaining({ exitCode: 9, message: `${nobody} refuses the connection` }),
    ]);
  });

  test('a push password without its file', async () => {
    await job.bundle(target.host, right());
    const argv = ['mirror', '-f', 'bundle.yaml', '--output', 'json', '--push-username', 'ops'];
    expectReadable(await job.run(...argv), 2, ['push password', '--push-password-file']);
    const ended = await job.run(...argv, '--push-password-file', 'nowhere');
    expectReadable(ended, 2, ['push password file is not there', 'nowhere']);
  });
});

describe('plan and mirror refuse', () => {
  test.each<[string, object, Readonly<Record<string, string>>, string[], number, string[]]>([
    [
      'a bundle that has expired already',
      { expires: '2020-01-01T00:00:00Z' },
      {},
      ['plan'],
      2,
      ['would have expired before it was made', 'expires 2020-01-01T00:00:00Z'],
    ],
    [
      'a time that is none',
      {},
      { SOURCE_DATE_EPOCH: 'yesterday' },
      ['plan'],
      2,
      ['SOURCE_DATE_EPOCH is no time', 'yesterday', 'seconds since 1970'],
    ],
    [
      'a plan file in a folder that is not there',
      {},
      {},
      ['plan', '-o', 'none/plan.json'],
      10,
      ['the plan cannot be written', 'none/plan.json: ENOENT'],
    ],
    [
      'a file that is no plan',
      {},
      {},
      ['mirror', '--plan', 'bundle.yaml'],
      2,
      ['bundle.yaml is not a saved plan', 'plan -f bundle.yaml -o FILE'],
    ],
    [
      'an image to update that is none of the bundle',
      {},
      {},
      ['plan', '--update', 'redis:7'],
      2,
      ['there is no such image to update', '--update redis:7'],
    ],
    [
      'a source without an image',
      { images: [{ manifests: 'empty' }] },
      {},
      ['plan'],
      2,
      ['no source names an image', 'images[0]'],
    ],
  ])('%s', async (_, fields, env, argv, exitCode, says) => {
    await job.write('empty/a.yaml', 'kind: ConfigMap\n');
    await job.bundle(target.host, { ...right(), ...fields });
    const ended = await job.runWith({ env }, ...argv, '-f', 'bundle.yaml', '--output', 'json');
    expectReadable(ended, exitCode, says);
  });
});

describe('a command line', () => {
  test.each([
    ['an unknown verb', ['mirrorr'], /unknown command 'mirrorr'/],
    ['an unknown flag', ['mirror', '--plann', 'x'], /unknown option '--plann'/],
    ['no bundle', ['verify'], /missing required argument 'bundle'/],
    ['a password as a flag', ['load', 'x.tar', '--push-password', 'pw'], /unknown option/],
  ])('with %s is refused', async (_, argv, says) => {
    const ended = await job.run(...argv, '--output', 'json');
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(says);
    expect(ended.json.errors).toEqual([
      { class: 'usage', exitCode: 2, message: expect.stringMatching(says), next: 'see --help' },
    ]);
    expect((await job.run(...argv)).stdout).toBe('');
  });
});

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(job.path(folder)).catch(() => [])).sort();
}

async function contentOf(file: string): Promise<string> {
  return `${file} ${(await readFile(job.path('kept', file))).toString('base64')}`;
}
