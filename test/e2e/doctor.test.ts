import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Ended, type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

const pull = { username: 'puller', password: 'canary of the puller' };
const bundle = 'good/sample-1.0.0.tar';
const trusted = ['--key', 'bundle.pub'];
const login = ['--username', pull.username, '--password-file', 'pull'];

let source: TestRegistry;
/** Over plain HTTP, with a password. */
let target: TestRegistry;
let job: Job;

beforeAll(async () => {
  [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry({ htpasswd: pull }),
    startKeyedJob({ SOURCE_DATE_EPOCH: '1790000000' }),
  ]);
  await pushImage(source.host, 'docker.io/library/nginx', '1');
  await job.done('keygen', '--out', 'other.key');
  await job.write('pull', `${pull.password}\n`);
  await create('unsigned', { signing: { unsigned: true } });
  await create('expired', { expires: '2026-10-01' });
  await create('good', {});
  await job.done(
    'load',
    bundle,
    ...trusted,
    '--push-username',
    'puller',
    '--push-password-file',
    'pull',
  );
  await tools('both', ['kubectl', 'helm']);
  await tools('no-kubectl', ['helm']);
  await tools('no-helm', ['kubectl']);
});
afterAll(() => Promise.all([source.stop(), target.stop(), job.remove()]));

async function create(out: string, fields: object): Promise<void> {
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, { images: ['nginx:1'], registries, ...fields });
  await job.done('create', '-f', 'bundle.yaml', '-o', out);
}

/** A PATH of these tools alone, each of which leaves a note when it is called. */
async function tools(folder: string, names: readonly string[]): Promise<void> {
  await mkdir(job.path(folder));
  for (const name of names) {
    const script = `#!/bin/sh\necho ${name} >> '${job.path('called')}'\nexec '${toolPath(name)}' "$@"\n`;
    await writeFile(job.path(folder, name), script);
    await chmod(job.path(folder, name), 0o755);
  }
}

/** @param path a folder of tools */
function doctor(path: string, ...argv: string[]): Promise<Ended<readonly Check[]>> {
  return job.runWith({ env: { PATH: job.path(path) } }, 'doctor', ...argv, '--output', 'json');
}

const called = () => readFile(job.path('called'), 'utf8').catch(() => '');
const statuses = ({ json }: Ended<readonly Check[]>) =>
  Object.fromEntries(json.map(({ check, status }) => [check, status]));

describe('the registry alone, on a host without any tool', () => {
  const ask = (...flags: string[]) =>
    doctor('no-tools', bundle, ...trusted, '--only', 'registry', ...flags);

  test('over plain HTTP on loopback, with the login that is given', async () => {
    const ended = await ask(...login);
    expect(statuses(ended)).toEqual({
      registry: 'ok',
      placements: 'ok',
      'push-rights': 'warning',
    });
    expect(ended.exitCode).toBe(0);
    expect(ended.json[0]?.evidence).toBe(`${target.host} answers as puller (as given)`);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('canary');
  });

  test('with another password', async () => {
    await job.write('other', 'canary of somebody');
    const ended = await ask('--username', 'puller', '--password-file', 'other');
    expect(statuses(ended)).toEqual({
      registry: 'failure',
      placements: 'skipped',
      'push-rights': 'skipped',
    });
    expect(ended.exitCode).toBe(11);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('canary');
  });

  test('without a login, where the registry wants one', async () => {
    const ended = await ask();
    expect(statuses(ended)).toEqual({
      registry: 'failure',
      placements: 'skipped',
      'push-rights': 'skipped',
    });
    expect(ended.json[0]).toMatchObject({
      evidence: expect.stringMatching(/^without a login \(none is given\): .* wants a login/),
      cure: 'give doctor the pull credential: --username USER --password-file FILE',
    });
    expect(ended.exitCode).toBe(11);
  });

  test('at the place that a site file names', async () => {
    const there = { endpoint: target.host, baseContentPath: 'there' };
    const registries = { [target.host]: { plainHttp: true } };
    await job.write('site.yaml', { ociImageRegistry: there, registries });
    const before = await ask(...login, '--site', 'site.yaml');
    expect(statuses(before).placements).toBe('failure');
    expect(before.json[1]?.evidence).toContain(`${target.host}/there/docker.io/nginx:1`);
    expect(before.stderr).toMatch(/warning: .* comes from a site file and is not signed/);
    const push = ['--push-username', 'puller', '--push-password-file', 'pull'];
    await job.done('load', bundle, ...trusted, '--site', 'site.yaml', ...push);
    expect(statuses(await ask(...login, '--site', 'site.yaml')).placements).toBe('ok');
  });
});

describe('before anything is asked it ends at', () => {
  const cases: readonly [string, string, readonly string[], number, RegExp][] = [
    ['a wrong key', bundle, ['--key', 'other.pub'], 4, /the signature does not hold/],
    ['no signature', 'unsigned/sample-1.0.0.tar', trusted, 4, /not signed|unsigned/],
    ['a damaged Secret', 'damaged.tar', trusted, 5, /registry-secret\.yaml/],
    ['a date that has passed', 'expired/sample-1.0.0.tar', trusted, 6, /expired/],
    ['no such bundle', 'none.tar', trusted, 2, /none\.tar/],
    [
      'no such part',
      bundle,
      [...trusted, '--only', 'nonsense'],
      2,
      /--only nonsense.*registry, cluster, nodes/s,
    ],
    [
      'nodes without a file of one',
      bundle,
      [...trusted, '--only', 'nodes'],
      2,
      /--only nodes wants the files of a node.*--node-config FILE/s,
    ],
    [
      'files of a node with the registry alone',
      bundle,
      [...trusted, '--only', 'registry', '--node-config', 'pull'],
      2,
      /--node-config does not go with --only registry.*add nodes to --only/s,
    ],
    [
      'a kubeconfig with the registry alone',
      bundle,
      [...trusted, '--only', 'registry', '--kubeconfig', 'pull'],
      2,
      /--kubeconfig does not go with --only registry.*leave out --only.*--username/s,
    ],
    [
      'a context with the nodes alone',
      bundle,
      [...trusted, '--only', 'nodes', '--node-config', 'pull', '--context', 'edge'],
      2,
      /--context does not go with --only nodes.*add cluster to --only/s,
    ],
    [
      'no such kubeconfig',
      bundle,
      [...trusted, '--kubeconfig', 'none.kubeconfig'],
      2,
      /the kubeconfig is not there.*none\.kubeconfig/s,
    ],
    ['no such site file', bundle, [...trusted, '--site', 'none.yaml'], 2, /none\.yaml/],
    ['a password without a user', bundle, [...trusted, '--password-file', 'pull'], 2, /--username/],
  ];

  test.each(cases)('%s', async (_, path, flags, exitCode, says) => {
    const from = await called();
    const asked = await requestsOf(target, async () => {
      const ended = await doctor('both', path, ...flags);
      expect(ended.stderr).toMatch(says);
      expect(ended.exitCode).toBe(exitCode);
    });
    expect(asked).toEqual([]);
    expect(await called()).toBe(from);
  });

  beforeAll(async () => {
    await copyFile(job.path(bundle), job.path('damaged.tar'));
    const bytes = await readFile(job.path('damaged.tar'));
    bytes[bytes.indexOf('BASE_PATH:')] = 'b'.charCodeAt(0);
    await writeFile(job.path('damaged.tar'), bytes);
  });
});

describe('a tool that is missing is named:', () => {
  test.each([
    ['kubectl', 'no-kubectl'],
    ['helm', 'no-helm'],
  ])('%s', async (tool, path) => {
    const ended = await doctor(path, bundle, ...trusted);
    expect(ended.stderr).toMatch(new RegExp(`^error: ${tool} was not found$`, 'm'));
    expect(ended.stderr).toMatch(/next: +install it: https:/);
    expect(ended.exitCode).toBe(3);
  });
});

describe('a cluster that is named and is not there is a mistake:', () => {
  beforeAll(() =>
    job.write('kubeconfig', {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      users: [{ name: 'a', user: { token: 'x' } }],
      'current-context': 'a',
    }),
  );

  test.each([
    ['a file that is none', ['--kubeconfig', 'pull'], /./],
    ['no such context', ['--kubeconfig', 'kubeconfig', '--context', 'edge'], /edge/],
  ])('%s', async (_, flags, given) => {
    const ended = await doctor('both', bundle, ...trusted, ...flags);
    expect(ended.stderr).toMatch(/^error: that cluster cannot be asked$/m);
    expect(ended.stderr).toMatch(given);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('canary');
    expect(ended.exitCode).toBe(2);
  });

  test('but one that does not answer is a failure', async () => {
    const ended = await doctor(
      'both',
      bundle,
      ...trusted,
      '--kubeconfig',
      'kubeconfig',
      '--context=a',
    );
    expect(ended.exitCode).toBe(11);
    expect(ended.json[0]).toMatchObject({
      check: 'cluster',
      status: 'failure',
      evidence: expect.stringMatching(/^https:\/\/127\.0\.0\.1:1 does not answer.*refused/),
    });
    expect(await called()).toMatch(/kubectl/);
  });
});
