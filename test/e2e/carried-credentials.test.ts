import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formsOf } from '../../src/report/redact.ts';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, section, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { watchingPrograms } from '../helpers/strace.ts';
import { toolPath } from '../helpers/tools.ts';
import {
  decoded,
  type HostOptions,
  type JumpHost,
  makeJumpHost,
  type Shell,
  shells,
} from '../install/jump-host.ts';

const canary = 'Canary9Carried';
const password = `  pa$$"\\\`w{{ö}}\n ${canary} $(touch pwned) %`;
const names = Object.keys(shells) as Shell[];
const tar = 'out/sample-1.0.0.tar';

let source: TestRegistry;
let job: Job;
let cluster: Cluster;
let traces: string;
/** Public and private key of age. */
let recipient: string;
let identity: string;
beforeAll(async () => {
  [source, cluster] = await Promise.all([startRegistry(), startCluster()]);
  await pushImage(source.host, 'docker.io/library/nginx', '1', { layers: ['a layer'] });
  job = await startKeyedJob({ PATH: pathWith('age') });
  traces = await mkdtemp(join(tmpdir(), 'airgap-trace-'));
  identity = join(traces, 'identity');
  const made = await execa(toolPath('age-keygen'), ['-o', identity]);
  recipient = /age1[a-z0-9]+/.exec(made.stderr)?.[0] ?? '';
  await writeFile(join(traces, 'password'), `${password}\n`);
});
afterAll(async () => {
  await Promise.all([source.stop(), cluster.stop(), job.remove()]);
  await rm(traces, { recursive: true });
});

beforeEach(async () => {
  await cluster.reset();
  await cluster.kubectl('create', 'namespace', 'jet-system');
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
async function host(options: HostOptions = {}): Promise<JumpHost> {
  const age = `#!/bin/sh\nexec '${toolPath('age')}' "$@"\n`;
  const made = await makeJumpHost({ real: 'helm', programs: { age }, ...options });
  cleanups.push(made.remove);
  return made;
}

/** The folders of what `create` starts. */
function pathWith(...tools: string[]): string {
  return [...tools.map((tool) => join(toolPath(tool), '..')), '/usr/bin', '/bin'].join(':');
}

const given = () => ['--username', 'puller', '--password-file', join(traces, 'password')];

async function bundle(credentials: unknown): Promise<void> {
  const target = 'harbor.example.org';
  await job.bundle(target, {
    environment: 'non-airgap',
    ociImageRegistry: section(target),
    images: ['nginx:1'],
    registries: reached(source.host, target),
    credentials,
  });
}

async function create(...more: string[]) {
  const argv = ['create', '-o', 'out', ...more];
  const ended = await job.run(...argv);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return ended;
}

/** Only the Secret: there is no target registry. */
const args = () => [
  ...[job.path(tar), '--key', job.path('bundle.pub'), '--only', 'secret'],
  ...['--kubeconfig', cluster.kubeconfig],
];

async function secretData(): Promise<Record<string, string> | undefined> {
  const secret = await cluster.get('secret', 'registry-info', 'jet-system');
  return secret === undefined ? undefined : decoded(secret);
}

/** A text with any form of the password in it. */
function reveals(text: string): boolean {
  return formsOf(password)
    .filter((form) => form.length >= 4 && form.trim() !== '')
    .some((form) => text.includes(form));
}

async function filesOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function revealingFiles(): Promise<string[]> {
  const revealing: string[] = [];
  for (const file of await filesOf(job.folder))
    if (
      reveals(await readFile(job.path(file), 'latin1')) ||
      reveals(await readFile(job.path(file), 'utf8'))
    )
      revealing.push(file);
  return revealing;
}

describe('credentials: embed', () => {
  let ended: Awaited<ReturnType<typeof create>>;
  beforeAll(async () => {
    await bundle('embed');
    await job.done('plan', '-o', 'plan.json');
    ended = await create(...given());
  });

  test('is said loudly: in the plan, by create, inspect and verify, and in README.txt', async () => {
    const { problems } = await job.done<{ problems: object[] }>('plan');
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'embedded-credential' }));
    const key = ['--key', 'bundle.pub'];
    const texts = [
      (await job.run('plan')).stdout,
      ended.stdout,
      ended.stderr,
      (await job.run('inspect', tar)).stdout,
      (await job.run('verify', tar, ...key)).stdout,
      (await execa('tar', ['-xOf', job.path(tar), 'README.txt'])).stdout,
    ];
    for (const text of texts) expect(text).toContain('IN CLEAR TEXT');
    expect(texts.at(-1)).toContain('without them the credential in this file is used');
  });

  test('no hash of it is printed', async () => {
    const printed = await job.done('create', '-o', 'again', ...given());
    await rm(job.path('again'), { recursive: true });
    for (const file of ['credentials.tsv', 'SHA256SUMS']) {
      const member = await execa('tar', ['-xOf', job.path(tar), file], { encoding: 'buffer' });
      const sum = createHash('sha256').update(member.stdout).digest('hex');
      expect(JSON.stringify(printed)).not.toContain(sum);
    }
  });

  test('is in one file of the bundle, which its user alone may read, and nowhere else', async () => {
    expect(await revealingFiles()).toEqual([tar]);
    expect((await stat(job.path(tar))).mode & 0o777).toBe(0o600);
    expect(reveals(ended.stdout + ended.stderr)).toBe(false);
    const table = await execa('tar', ['-xOf', job.path(tar), 'credentials.tsv']);
    expect(reveals(table.stdout)).toBe(true);
    for (const path of ['settings.tsv', 'registry-secret.yaml', 'bundle.json']) {
      const { stdout } = await execa('tar', ['-xOf', job.path(tar), path]);
      expect(reveals(stdout), path).toBe(false);
    }
  });

  test('gives the same bytes each time, and a saved plan holds without it', async () => {
    const [before, plan] = [await readFile(job.path(tar)), job.path('plan.json')];
    const head = JSON.parse(await readFile(plan, 'utf8')) as { createdAt: string };
    const env = { SOURCE_DATE_EPOCH: String(Date.parse(head.createdAt) / 1000) };
    const again = await job.runWith(
      { env },
      'create',
      '--plan',
      'plan.json',
      '-o',
      'a',
      ...given(),
    );
    expect(again.exitCode).toBe(0);
    const once = await job.runWith({ env }, 'create', '-o', 'b', ...given());
    expect(once.exitCode).toBe(0);
    const [one, other] = ['a', 'b'].map((name) => readFile(job.path(name, 'sample-1.0.0.tar')));
    expect((await one)?.equals((await other) as Buffer)).toBe(true);
    expect(before.length).toBe((await one)?.length);
    for (const name of ['a', 'b']) await rm(job.path(name), { recursive: true });
  });

  test('its own bundle.json is a plan as well', async () => {
    const { stdout } = await execa('tar', ['-xOf', job.path(tar), 'bundle.json']);
    await job.write('bundle.json', stdout);
    const ended = await job.run('create', '--plan', 'bundle.json', '-o', 'again', ...given());
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
    const again = await readFile(job.path('again/sample-1.0.0.tar'));
    expect(again.equals(await readFile(job.path(tar)))).toBe(true);
    await rm(job.path('again'), { recursive: true });
  });

  test('in parts, each is private', async () => {
    await create(...given(), '--split-size', '1MiB');
    const parts = (await readdir(job.path('out'))).filter((name) => /tar\.\d+$/.test(name));
    expect(parts.length).toBeGreaterThan(1);
    for (const name of parts) expect((await stat(job.path('out', name))).mode & 0o777).toBe(0o600);
    await rm(job.path('out'), { recursive: true });
    await create(...given());
  });

  test.each(names)('reaches the Secret as it is, under %s', async (shell) => {
    const site = await host({ shell });
    const outcome = await site.install(args());
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('the bundle carries IN CLEAR TEXT, of puller');
    expect(reveals(outcome.stdout)).toBe(false);
    expect(await secretData()).toMatchObject({ USERNAME: 'puller', PASSWORD: password });
    expect(await site.leftovers()).toEqual([]);
  });

  test('is what the files for nodes are written with', async () => {
    const site = await host();
    const key = ['--key', job.path('bundle.pub'), '--allow-plain-http-credentials'];
    const outcome = await site.install([job.path(tar), ...key, '--write-nodes', 'nodes']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
    const auth = Buffer.from(`puller:${password}`).toString('base64');
    const written = await readFile(join(site.folder, 'nodes/config.toml'), 'utf8');
    expect(written).toContain(`auth = "${auth}"`);
  });

  test('gives way to one that is given on site', async () => {
    const site = await host();
    const env = { AIRGAP_BUNDLE_PASSWORD: 'another' };
    const outcome = await site.install([...args(), '--username', 'somebody'], env);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(await secretData()).toMatchObject({ USERNAME: 'somebody', PASSWORD: 'another' });
  });

  test('that was changed on the way is not used', async () => {
    const bytes = await readFile(job.path(tar));
    bytes.write('username\tZXZpbA==', bytes.lastIndexOf('username\t'));
    const site = await host();
    await writeFile(join(site.folder, 'changed.tar'), bytes);
    const outcome = await site.install([join(site.folder, 'changed.tar'), ...args().slice(1)]);
    expect(outcome).toMatchObject({ code: 5 });
  });
});

describe('credentials: {age: …}', () => {
  beforeAll(async () => {
    await bundle({ age: [recipient] });
    await rm(job.path('out'), { recursive: true, force: true });
    await create(...given());
  });

  test('leaves the password in no file, and in the arguments and environment of no child', async () => {
    const trace = join(traces, 'trace');
    const prefix = watchingPrograms(trace);
    const ended = await job.runWith({ prefix }, 'create', '-o', 'out', ...given());
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toContain('carries the pull credential, encrypted by age');
    expect(reveals(ended.stdout + ended.stderr)).toBe(false);
    const starts = await readFile(trace, 'latin1');
    expect(starts).toContain('"--encrypt", "--recipient"');
    expect(reveals(starts)).toBe(false);
    expect(await revealingFiles()).toEqual([]);
    expect((await stat(job.path(tar))).mode & 0o044).toBe(0o044);
  });

  test('is opened by the age tool alone', async () => {
    const { stdout } = await execa('tar', ['-xOf', job.path(tar), 'credentials.tsv.age'], {
      encoding: 'buffer',
      stripFinalNewline: false,
    });
    const opened = await execa(toolPath('age'), ['--decrypt', '--identity', identity], {
      input: stdout,
    });
    expect(reveals(opened.stdout)).toBe(true);
  });

  test.each(names)('reaches the Secret as it is, under %s', async (shell) => {
    const site = await host({ shell });
    const outcome = await site.install([...args(), '--identity', identity]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('encrypted by age, of puller');
    expect(reveals(outcome.stdout)).toBe(false);
    expect(await secretData()).toMatchObject({ USERNAME: 'puller', PASSWORD: password });
    expect(await site.leftovers()).toEqual([]);
  });

  test.each(names)(
    'is in arguments and environment of no child of install.sh, under %s',
    async (shell) => {
      const trace = join(traces, `trace-${shell}`);
      const site = await host({ shell, prefix: watchingPrograms(trace) });
      const outcome = await site.install([...args(), '--identity', identity]);
      expect(outcome).toMatchObject({ code: 0 });
      const starts = await readFile(trace, 'latin1');
      expect(starts).toContain('"apply", "--server-side"');
      expect(starts).toContain('"--decrypt", "--identity"');
      expect(reveals(starts)).toBe(false);
    },
  );

  test.each<[string, () => string[], HostOptions, number, RegExp]>([
    ['without a key', () => [], {}, 2, /add --identity FILE/],
    ['with a key that is not there', () => ['--identity', '/none'], {}, 2, /cannot be read/],
    ['with the key of another', () => ['--identity', other()], {}, 2, /cannot be opened/],
    ['without age', () => ['--identity', identity], { programs: {} }, 3, /age is needed/],
  ])('%s nothing is changed', async (_, flags, options, code, message) => {
    await rm(other(), { force: true });
    await execa(toolPath('age-keygen'), ['-o', other()]);
    const site = await host(options);
    const outcome = await site.install([...args(), ...flags()]);
    expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
    expect(await secretData()).toBeUndefined();
    expect(await site.leftovers()).toEqual([]);
  });
  const other = () => join(traces, 'other-identity');

  test('is not asked for where it is not used', async () => {
    const site = await host({ programs: {} });
    const env = { AIRGAP_BUNDLE_PASSWORD: 'another' };
    expect(await site.install([...args(), '--dry-run'])).toMatchObject({ code: 0, stderr: '' });
    expect(await site.install([...args(), '--username', 'u'], env)).toMatchObject({ code: 0 });
  });
});

describe('create refuses', () => {
  test.each<[string, unknown, string[], number, RegExp]>([
    ['a bundle that carries one, and none given', 'embed', [], 2, /--username USER and/],
    ['one that is not to travel', undefined, ['given'], 2, /add credentials: \{age/],
    ['a user without a password', 'embed', ['--username', 'u'], 2, /pull password is missing/],
    ['a password without a user', 'embed', ['--password-file', 'x'], 2, /no user name/],
    ['another word', 'plain', [], 2, /credentials must be|credentials has the wrong form/],
    ['no recipient', { age: [] }, ['given'], 2, /credentials\.age must/],
    ['a recipient that is none', { age: ['me'] }, ['given'], 2, /is no recipient of age/],
    ['one that age refuses', { age: ['age1qqqq'] }, ['given'], 2, /age cannot encrypt/],
  ])('%s', async (_, credentials, flags, exitCode, message) => {
    await bundle(credentials);
    const argv = flags[0] === 'given' ? given() : flags;
    const ended = await job.run('create', '-o', 'refused', ...argv);
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(message) });
    expect(reveals(ended.stderr)).toBe(false);
  });

  test('a private key in place of a recipient, which it does not print', async () => {
    const key = /AGE-SECRET-KEY-\S+/.exec(await readFile(identity, 'utf8'))?.[0] ?? '';
    await bundle({ age: [key] });
    const ended = await job.run('create', '-o', 'refused', ...given());
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('age-keygen -y') });
    expect(ended.stderr).not.toContain(key);
  });

  test('to encrypt where there is no age', async () => {
    await bundle({ age: [recipient] });
    const env = { PATH: '/nowhere' };
    const ended = await job.runWith({ env }, 'create', '-o', 'refused', ...given());
    expect(ended).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('age was not') });
  });
});
