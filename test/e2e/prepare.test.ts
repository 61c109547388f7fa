import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt } from '../helpers/ask.ts';
import { startForwardProxy } from '../helpers/forward-proxy.ts';
import { type Harbor, startHarbor } from '../helpers/harbor.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, section, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { makeAuthority } from '../helpers/tls.ts';
import { type FakeAws, makeFakeAws } from '../vendors/fake-aws.ts';

interface Result extends Pick<Outcome, 'errors'> {
  readonly target: string;
  readonly kind: string;
  readonly foundBy: string;
  readonly dryRun: boolean;
  readonly needs: readonly { what: string; name: string; state: string }[];
  readonly commands: readonly string[];
}

const admin = { username: 'admin', password: 'Harbor-12345', mayCreate: true };
const robot = { username: 'robot$push', password: 'robot-secret', mayCreate: false };
const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const where = '--registry-id 123456789012 --region eu-west-1';
const images = ['nginx:1', 'quay.io/a/b:1'];
const repositories = [
  'm/bundles/sample',
  'm/docker.io/library/nginx',
  'm/docker.io/nginx',
  'm/quay.io/a/b',
];
const asAdmin = ['--push-username', 'admin', '--push-password-file', 'admin.txt'];
const asRobot = ['--push-username', 'robot$push', '--push-password-file', 'robot.txt'];
const fromFile = ['-f', 'bundle.yaml'];

let source: TestRegistry;
let stored: TestRegistry;
let harbor: Harbor;
let job: Job;

beforeAll(async () => {
  [source, stored, job] = await Promise.all([startRegistry(), startRegistry(), startKeyedJob()]);
  await pushImage(source.host, 'docker.io/library/nginx', '1', { layers: ['shared'] });
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: ['shared', 'b'] });
  await job.write('admin.txt', `${admin.password}\n`);
  await job.write('robot.txt', `${robot.password}\n`);
  await job.write('wrong.txt', 'not-it\n');
});
afterAll(async () => {
  await Promise.all([source.stop(), stored.stop(), job.remove()]);
});
beforeEach(async () => {
  harbor = await startHarbor({ accounts: [admin, robot], registry: stored.host });
});
afterEach(() => harbor.stop());

const write = (target: string, fields = {}) =>
  job.bundle(target, { images, registries: reached(source.host, target), ...fields });

const prepare = (...argv: string[]) => job.run<Result>('prepare', ...argv, '--output', 'json');

async function bundleFor(target: string, fields = {}): Promise<string> {
  await write(target, fields);
  await job.done('create', ...fromFile, '-o', 'out');
  return 'out/sample-1.0.0.tar';
}

const states = ({ json }: { readonly json: Result }) =>
  Object.fromEntries(json.needs.map(({ name, state }) => [name, state]));
const methods = () => new Set(harbor.requests.map(({ method }) => method));

describe('Harbor', () => {
  test('before mirror: listed, made, and then it is there', async () => {
    await write(harbor.host);
    const early = await job.run<Outcome>('mirror', ...fromFile, ...asAdmin, '--output', 'json');
    expect(early.exitCode).toBe(8);
    expect(early.json.errors[0]?.next).toContain('airgap-bundle prepare');

    const dry = await prepare(...fromFile, ...asAdmin, '--dry-run');
    expect(dry).toMatchObject({
      exitCode: 0,
      json: {
        target: harbor.host,
        kind: 'harbor',
        foundBy: 'systeminfo',
        dryRun: true,
        needs: [{ what: 'project', name: 'm', state: 'missing' }],
        commands: [],
        errors: [],
      },
    });
    expect(methods()).toEqual(new Set(['GET', 'HEAD']));
    expect(harbor.projects.size).toBe(0);

    const made = await prepare(...fromFile, ...asAdmin);
    expect([made.exitCode, states(made)]).toEqual([0, { m: 'made' }]);
    expect(harbor.projects.get('m')).toEqual({ public: false });

    const again = await prepare(...fromFile, ...asAdmin);
    expect([again.exitCode, states(again)]).toEqual([0, { m: 'exists' }]);
    await job.done('mirror', ...fromFile, ...asAdmin);
    expect(await digestAt(stored.host, 'm/docker.io/nginx', '1')).toMatch(/^sha256:/);
  });

  test('before load, from a bundle; at another place by a site file', async () => {
    const bundle = await bundleFor('harbor.example.org');
    await job.write('site.yaml', {
      ociImageRegistry: { endpoint: harbor.host, baseContentPath: 'there' },
      registries: { [harbor.host]: { plainHttp: true } },
    });
    const flags = ['--key', 'bundle.pub', '--site', 'site.yaml', ...asAdmin];
    const made = await prepare(bundle, ...flags);
    expect([made.exitCode, states(made)]).toEqual([0, { there: 'made' }]);
    await job.done('load', bundle, ...flags);
    expect(await digestAt(stored.host, 'there/bundles/sample', '1.0.0')).toMatch(/^sha256:/);
  });

  test.each([
    ['no key', [], 2],
    ['another key', ['--key', 'other.pub'], 4],
  ])('a bundle with %s: nobody is asked', async (_, flags, exitCode) => {
    const bundle = await bundleFor(harbor.host);
    await job.run('keygen', '--out', 'other.key');
    expect((await prepare(bundle, ...flags, ...asAdmin)).exitCode).toBe(exitCode);
    expect(harbor.requests).toEqual([]);
  });

  test('a proxy cache is refused, unless it is in pullThrough: then nobody needs to look', async () => {
    harbor.projects.set('hub', { public: true, registryId: 4 });
    const { host } = harbor;
    const ociImageRegistry = {
      ...section(host),
      baseContentPath: '',
      mirrorRegistries: `docker.io::${host}/hub,quay.io::${host}/own`,
    };
    await write(host, { ociImageRegistry });
    const refused = await prepare(...fromFile, ...asAdmin);
    expect(refused.exitCode).toBe(8);
    expect(states(refused)).toEqual({ bundles: 'made', hub: 'failed', own: 'made' });
    expect(refused.json.errors).toMatchObject([
      { class: 'refused', next: expect.stringContaining(`pullThrough: [${host}/hub]`) },
    ]);

    await write(host, { ociImageRegistry, pullThrough: [`${host}/hub`] });
    const taken = await prepare(...fromFile, ...asAdmin);
    expect([taken.exitCode, states(taken)]).toEqual([0, { bundles: 'exists', own: 'exists' }]);
  });

  test.each([
    ['a robot that may not create projects', asRobot, 8, /administrator/],
    [
      'a wrong password',
      ['--push-username', 'admin', '--push-password-file', 'wrong.txt'],
      7,
      /docker login/,
    ],
    ['nobody', [], 7, /docker login/],
  ])('%s', async (_, flags, exitCode, next) => {
    await write(harbor.host);
    const ended = await prepare(...fromFile, ...flags);
    expect(ended.exitCode).toBe(exitCode);
    expect(states(ended)).toEqual({ m: 'failed' });
    expect(ended.json.errors).toMatchObject([{ exitCode, next: expect.stringMatching(next) }]);
  });

  test('the docker config will do, and no password is printed', async () => {
    await write(harbor.host);
    const auth = Buffer.from(`${admin.username}:${admin.password}`).toString('base64');
    await job.write('docker/config.json', JSON.stringify({ auths: { [harbor.host]: { auth } } }));
    const env = { DOCKER_CONFIG: job.path('docker') };
    const ended = await job.runWith<Result>({ env }, 'prepare', ...fromFile);
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toContain(
      `made  project  ${harbor.host}/m\ndone: ${harbor.host}, Harbor: 1 made\n`,
    );
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(admin.password);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(auth);
  });

  test('over TLS of its own authority, which the bundle knows', async () => {
    const authority = await makeAuthority();
    const tls = await authority.issue(['IP:127.0.0.1']);
    const secure = await startHarbor({ accounts: [admin], tls });
    const caCert = await readFile(authority.path, 'utf8');
    const registries = { ...reached(source.host, harbor.host), [secure.host]: {} };
    const ociImageRegistry = { ...section(secure.host), caCert };
    const bundle = await bundleFor(secure.host, { ociImageRegistry, registries });
    const ended = await prepare(bundle, '--key', 'bundle.pub', ...asAdmin);
    await Promise.all([secure.stop(), authority.remove()]);
    expect([ended.exitCode, states(ended)]).toEqual([0, { m: 'made' }]);
  });

  test('through a proxy; over plain HTTP beyond loopback only where that is allowed', async () => {
    const proxy = await startForwardProxy();
    proxy.lead('harbor.example.org', harbor.host);
    await write('harbor.example.org');
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' };
    const run = (...more: string[]) =>
      job.runWith<Result>({ env }, 'prepare', ...fromFile, ...asAdmin, ...more, '--output', 'json');
    const refused = await run();
    expect(refused.exitCode).toBe(2);
    expect(harbor.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    const made = await run('--allow-plain-http-credentials');
    await proxy.stop();
    expect([made.exitCode, states(made)]).toEqual([0, { m: 'made' }]);
  });

  test('a Harbor that is not able to answer is transient', async () => {
    await write(harbor.host);
    harbor.answers = () => ({ status: 503 });
    const ended = await prepare(...fromFile, ...asAdmin, '--retry-budget', '1s');
    expect(ended.exitCode).toBe(9);
    harbor.answers = ({ method }) => (method === 'POST' ? { status: 502 } : undefined);
    const later = await prepare(...fromFile, ...asAdmin, '--retry-budget', '1s');
    expect([later.exitCode, states(later)]).toEqual([9, { m: 'failed' }]);
  });
});

test('a target that is not there is transient', async () => {
  await write('127.0.0.1:1');
  expect((await prepare(...fromFile, '--retry-budget', '1s')).exitCode).toBe(9);
});

test('a plan with errors is not prepared for', async () => {
  await write(harbor.host, { images: ['nginx:none'] });
  const ended = await prepare(...fromFile, ...asAdmin);
  expect(ended.exitCode).toBe(2);
  expect(harbor.requests).toEqual([]);
});

describe('ECR', () => {
  let aws: FakeAws;
  beforeEach(async () => {
    aws = await makeFakeAws();
    await write(ecr);
  });
  afterEach(() => aws.remove());

  const run = (env: Readonly<Record<string, string>>, ...argv: string[]) =>
    job.runWith<Result>({ env }, 'prepare', ...argv);

  const commands = repositories.map(
    (name) => `aws ecr create-repository ${where} --repository-name ${name}`,
  );

  test('every repository is made by aws, with its own credentials and none of ours', async () => {
    await aws.add('m/quay.io/a/b');
    const env = { ...aws.env, AIRGAP_BUNDLE_PUSH_PASSWORD: 'secret' };
    const ended = await run(env, ...fromFile, '--output', 'json');
    expect(ended).toMatchObject({
      exitCode: 0,
      json: { kind: 'ecr', foundBy: 'host', commands: [], errors: [] },
    });
    expect(states(ended)).toEqual({
      ...Object.fromEntries(repositories.map((name) => [name, 'made'])),
      'm/quay.io/a/b': 'exists',
    });
    expect(await aws.repositories()).toEqual(repositories);
    expect(await aws.ours()).toBe('');
  });

  test('from a bundle', async () => {
    const bundle = await bundleFor(ecr);
    const ended = await run(aws.env, bundle, '--key', 'bundle.pub');
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toContain(`made  repository  ${ecr}/m/quay.io/a/b\n`);
    expect(ended.stdout).toContain(`${ecr}, Amazon ECR: 4 made`);
    expect(await aws.repositories()).toEqual(repositories);
  });

  test('a dry run makes nothing and shows how', async () => {
    const ended = await run(aws.env, ...fromFile, '--dry-run');
    expect(ended.exitCode).toBe(0);
    for (const command of commands) expect(ended.stdout).toContain(`\n  ${command}`);
    expect(ended.stdout).toContain('4 missing; a dry run: nothing was made');
    expect(await aws.repositories()).toEqual([]);
  });

  test('without aws: a warning, and on standard output what sh can run where aws is', async () => {
    const ended = await run({}, ...fromFile);
    expect(ended.exitCode).toBe(0);
    expect(ended.stderr).toMatch(/warning: there is no aws on PATH.*nothing was made/);
    const lines = ended.stdout.trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual(commands);
    expect(lines[0]).toMatch(/^# NOTHING WAS MADE/);

    await job.write('make.sh', ended.stdout);
    await execa('sh', [job.path('make.sh')], { env: aws.env, extendEnv: false });
    expect(await aws.repositories()).toEqual(repositories);

    const document = await run({}, ...fromFile, '--output', 'json');
    expect(new Set(Object.values(states(document)))).toEqual(new Set(['unknown']));
    expect(document.json.commands).toEqual(commands);
  });

  test.each([
    ['AccessDenied for the making', () => aws.deny('CreateRepository'), 8],
    ['AccessDenied for the looking', () => aws.deny('DescribeRepositories'), 7],
    ['an expired token', () => aws.trouble('ExpiredTokenException expired'), 7],
    ['throttling', () => aws.trouble('ThrottlingException Rate exceeded'), 9],
  ])('%s', async (_, arrange, exitCode) => {
    await arrange();
    expect((await run(aws.env, ...fromFile)).exitCode).toBe(exitCode);
    expect(await aws.repositories()).toEqual([]);
  });
});

describe('any other registry', () => {
  test('nothing is made, and that is said', async () => {
    await write(stored.host);
    const ended = await prepare(...fromFile);
    expect(ended).toMatchObject({
      exitCode: 0,
      json: { kind: 'none', foundBy: 'systeminfo', needs: [], commands: [], errors: [] },
    });
    const { stdout } = await job.run('prepare', ...fromFile);
    expect(stdout).toContain('neither Harbor nor Amazon ECR');
  });

  test('--registry-kind wins, and then nobody is asked what it is', async () => {
    await write(harbor.host);
    const none = await prepare(...fromFile, '--registry-kind', 'none');
    expect(none.json).toMatchObject({ kind: 'none', foundBy: 'flag' });
    expect(harbor.requests).toEqual([]);
    await prepare(...fromFile, ...asAdmin, '--registry-kind', 'harbor');
    expect(harbor.requests.map(({ path }) => path)).not.toContain('/api/v2.0/systeminfo');
    expect([...harbor.projects.keys()]).toEqual(['m']);
  });
});

test.each([
  ['neither', [], /neither BUNDLE nor -f/],
  ['both', ['x.tar', '-f', 'bundle.yaml'], /x\.tar and -f bundle\.yaml/],
  ['a flag of bundles with -f', ['-f', 'bundle.yaml', '--key', 'bundle.pub'], /--key/],
  [
    'a field of bundle.yaml with a bundle',
    ['x.tar', '--base-content-path', 'x'],
    /--base-content-path/,
  ],
  ['another kind', ['-f', 'bundle.yaml', '--registry-kind', 'quay'], /quay/],
])('usage: %s', async (_, argv, words) => {
  const ended = await prepare(...argv);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toMatch(words);
});
