import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { password, useSetting } from './setting.ts';

const on = useSetting();
const quay = { username: 'reader', password: 'a/reader+of=quay' };

let second: TestRegistry;
beforeAll(async () => {
  second = await startRegistry({ htpasswd: quay });
  await pushImage(second.host, 'a/b', '1', { credential: quay });
});
afterAll(() => second.stop());

/** Of a step that reads from two registries with different logins, large and small images. */
async function inputs(docker: string, given: string, more: Record<string, string> = {}) {
  const layers = [Buffer.alloc(2 * 1024 * 1024, 'locked')];
  const credential = { username: 'ops', password };
  await pushImage(on.locked.host, 'library/locked', '1', { layers, credential });
  const { host } = on.target;
  return on.inputs(host, {
    command: 'mirror, create',
    images: 'locked:1\nquay.io/a/b:1',
    'mirror-registries': `docker.io::${host}/m/docker.io\nquay.io::${host}/m/quay.io`,
    'registry-mirrors': `docker.io=${docker}\nquay.io=${second.host}`,
    'plain-http': `${docker}\n${second.host}\n${host}`,
    'registry-auth': given,
    ...more,
  });
}

const entry = (registry: string, login: { username: string; password: string }) =>
  `- registry: "${registry}"\n  username: ${login.username}\n  password: "${login.password}"\n`;

describe('registry-auth', () => {
  test('enters each source registry with its own login, and wins over the docker config', async () => {
    const docker = await startFrontProxy(on.locked.host);
    onTestFinished(() => docker.stop());
    const seen = new Map<string, Set<string>>();
    docker.rules.push(({ headers }) => {
      const { authorization = '', 'user-agent': agent = '' } = headers;
      const who = agent.startsWith('oras') ? 'oras' : 'us';
      if (authorization) seen.set(who, (seen.get(who) ?? new Set()).add(authorization));
      return undefined;
    });
    const config = join(on.step.workspace, 'docker');
    await mkdir(config);
    const wrong = { auth: Buffer.from('someone:else').toString('base64') };
    await writeFile(
      join(config, 'config.json'),
      JSON.stringify({ auths: { [docker.host]: wrong, [second.host]: wrong } }),
    );
    const given = entry(docker.host, { username: 'ops', password }) + entry(second.host, quay);
    const ended = await on.step.run(await inputs(docker.host, given), { DOCKER_CONFIG: config });
    expect(ended.exitCode, ended.log).toBe(0);
    const basic = `Basic ${Buffer.from(`ops:${password}`).toString('base64')}`;
    expect(Object.fromEntries(seen)).toEqual({ us: new Set([basic]), oras: new Set([basic]) });
  });

  test('of another registry is offered to none', async () => {
    const given = entry(on.target.host, { username: 'ops', password });
    const ended = await on.step.run(await inputs(on.locked.host, given));
    expect(ended.exitCode, ended.log).toBe(7);
  });

  test('that is wrong is told without it, in no form anywhere', async () => {
    const wrong = { username: 'ops', password: 'not the right/one' };
    const given = entry(on.locked.host, wrong) + entry(second.host, quay);
    const ended = await on.step.run(await inputs(on.locked.host, given));
    expect(ended.exitCode, ended.log).toBe(7);
    const report = await readFile(ended.outputs['report-path'] ?? '', 'utf8');
    const written = [ended.shown, ended.summary, report, JSON.stringify(ended.outputs)].join('\n');
    for (const login of [wrong, quay]) {
      const pair = `${login.username}:${login.password}`;
      const forms = [login.password, pair].flatMap((text) => [
        text,
        Buffer.from(text).toString('base64'),
        encodeURIComponent(text),
      ]);
      for (const form of forms) expect(written).not.toContain(form);
      const masks = ended.commands.filter(({ name }) => name === 'add-mask');
      expect(masks.map(({ text }) => text)).toEqual(expect.arrayContaining(forms));
    }
    const left = await on.step.left();
    expect(left.filter((path) => !path.startsWith('airgap-bundle-report'))).toEqual([]);
  });

  test('and a push user for the same registry contradict each other', async () => {
    const given = entry(on.target.host, { username: 'ops', password });
    const more = { 'push-username': 'ops', 'push-password': password };
    const ended = await on.step.run(await inputs(on.locked.host, given, more));
    expect(ended.exitCode, ended.log).toBe(2);
    expect(ended.log).toContain('the target has two credentials');
  });

  test('that is malformed is refused before any registry is asked, and the summary says so', async () => {
    const before = on.locked.requests().length;
    const ended = await on.step.run(await inputs(on.locked.host, `${password}: [`));
    const asked = on.locked.requests().slice(before);
    expect(asked.filter(({ path }) => path.includes('/manifests/1'))).toHaveLength(1);
    expect(ended.exitCode, ended.log).toBe(2);
    expect(ended.summary).toContain('❌ registry-auth is no');
    expect(ended.shown + ended.summary).not.toContain(password);
  });
});

test('summary: false writes none', async () => {
  const ended = await on.step.run(on.inputs(on.target.host, { command: 'plan', summary: 'false' }));
  expect(ended.exitCode, ended.log).toBe(0);
  expect(ended.summary).toBe('');
});

test('the summary and an output tell what changed since an older bundle', async () => {
  const made = await on.step.run(on.inputs(on.target.host, { out: 'old' }));
  expect(made.exitCode, made.log).toBe(0);
  expect(made.outputs.changed).toBeUndefined();
  const more = { command: 'plan', 'bundle-version': '2.0.0' };
  const older = { 'compare-to': 'old/sample-1.0.0.tar' };
  const same = await on.step.run(on.inputs(on.target.host, { ...more, ...older }));
  expect(same.outputs.changed, same.log).toBe('false');
  expect(same.summary).toContain('<h3>Since sample 1.0.0 of ');
  await pushImage(on.source.host, 'library/redis', '7');
  const images = { images: 'nginx:1,redis:7' };
  const other = await on.step.run(on.inputs(on.target.host, { ...more, ...older, ...images }));
  expect(other.outputs.changed, other.log).toBe('true');
  expect(other.summary).toContain('1 image added, 1 unchanged');
  const none = await on.step.run(on.inputs(on.target.host, { ...more, 'compare-to': 'none.tar' }));
  expect(none.exitCode, none.log).toBe(0);
  expect(none.log).toContain('there is nothing to compare with: ');
});

test('lock writes the lock file, which the next run follows', async () => {
  const file = { apiVersion: 'airgap-bundle/v1', name: 'sample', images: ['nginx:1'] };
  await writeFile(join(on.step.workspace, 'bundle.yaml'), JSON.stringify(file));
  const { images: _, ...rest } = on.inputs(on.target.host, { command: 'plan' });
  const ended = await on.step.run({ ...rest, lock: 'true' });
  expect(ended.outputs['lock-path'], ended.log).toBe(join(on.step.workspace, 'bundle.lock'));
  const lock = JSON.parse(await readFile(ended.outputs['lock-path'] ?? '', 'utf8'));
  expect(lock.images).toMatchObject([{ image: 'nginx:1' }]);
});

test('a folder for the report that cannot be made ends the step before it does anything', async () => {
  await writeFile(join(on.step.workspace, 'a-file'), '');
  const given = { command: 'mirror', report: 'a-file/paper' };
  const ended = await on.step.run(on.inputs(on.target.host, given));
  expect(ended.exitCode, ended.log).toBe(10);
  expect(ended.summary).toContain('a-file/paper');
  expect(ended.log).not.toContain('mirroring');
});

test('a create that fails after its mirror is in the report', async () => {
  await writeFile(join(on.step.workspace, 'no-folder'), '');
  const given = { command: 'mirror, create', report: 'half', out: 'no-folder/out' };
  const ended = await on.step.run(on.inputs(on.target.host, given));
  expect(ended.exitCode, ended.log).toBe(10);
  const report = JSON.parse(await readFile(join(on.step.workspace, 'half/report.json'), 'utf8'));
  expect(report).toMatchObject({
    verb: 'mirror',
    verdict: { state: 'bad', title: expect.stringContaining('FAILED') },
    errors: [{ class: 'io' }],
  });
});

test('report leaves the report of the bundle, with what was mirrored', async () => {
  const given = { command: 'mirror, create', report: 'paper' };
  const ended = await on.step.run(on.inputs(on.target.host, given));
  expect(ended.exitCode, ended.log).toBe(0);
  const files = ['json', 'md', 'html'].map((type) => `paper/report.${type}`);
  const paths = files.map((file) => join(on.step.workspace, file));
  expect(ended.outputs['report-files']).toBe(paths.join('\n'));
  const report = JSON.parse(await readFile(paths[0] ?? '', 'utf8'));
  expect(report).toMatchObject({ verb: 'create', problems: [{ kind: 'no-default' }] });
  expect(report.tools.map(({ name }: { name: string }) => name)).toEqual([
    ...['airgap-bundle', 'node', 'oras'],
  ]);
  expect(report.images[0]).toMatchObject({ source: 'nginx:1' });
  expect(JSON.stringify(report)).not.toContain(on.step.workspace);
});
