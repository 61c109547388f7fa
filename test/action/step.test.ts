import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { makeStep, type Step } from './step.ts';

/** What a stranger would write to make the runner act. */
const evil = 'x\n::set-env name=PATH::/evil\r##[add-mask]evil ::stop-commands::b\n  ::error::fake';

const key = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' });
const password = 'correct horse/battery+staple';

let source: TestRegistry;
let target: TestRegistry;
let locked: TestRegistry;
let front: FrontProxy;
let step: Step;

beforeAll(async () => {
  source = await startRegistry();
  target = await startRegistry();
  locked = await startRegistry({ htpasswd: { username: 'ops', password } });
  front = await startFrontProxy(target.host);
  await pushImage(source.host, 'library/nginx', '1');
});

afterAll(async () => {
  await front.stop();
  for (const registry of [source, target, locked]) await registry.stop();
});

beforeEach(async () => {
  step = await makeStep();
});

afterEach(async () => {
  front.rules.length = 0;
  await step.remove();
});

/** One image from the source to `host`. */
const inputs = (host: string, more: Readonly<Record<string, string>> = {}) => ({
  name: 'sample',
  'bundle-version': '1.0.0',
  environment: 'non-airgap',
  endpoint: host,
  'registry-name': 'private',
  'base-content-path': 'm',
  'mirror-registries': `docker.io::${host}/m/docker.io`,
  images: 'nginx:1',
  'registry-mirrors': `docker.io=${source.host}`,
  'plain-http': `${source.host}\n${host}`,
  'signing-key': key,
  ...more,
});

describe('a step', () => {
  test('mirrors and creates by one plan, and leaves a report', async () => {
    const before = source.requests().length;
    const ended = await step.run(inputs(target.host, { command: 'create, mirror', out: 'out' }));
    expect(ended.exitCode, ended.log).toBe(0);
    const bundle = join(step.workspace, 'out/sample-1.0.0.tar');
    expect(ended.outputs).toEqual({
      'report-path': expect.stringContaining(step.temporary),
      'image-count': '1',
      'bundle-path': bundle,
      'bundle-digest': `sha256:${readFileSync(`${bundle}.sha256`, 'utf8').slice(0, 64)}`,
    });
    const groups = ended.commands.filter(({ name }) => name === 'group').map(({ text }) => text);
    expect(groups).toEqual([
      'resolving 1 image',
      `mirroring 1 image to ${target.host}`,
      `writing ${bundle}`,
      'the plan',
      'what was mirrored',
    ]);
    const ends = ended.commands.filter(({ name }) => name === 'endgroup');
    expect(ends).toHaveLength(groups.length);
    const resolved = source.requests().slice(before);
    expect(resolved.filter(({ path }) => path.endsWith('/manifests/1'))).toHaveLength(1);
    expect(ended.summary).toContain(`<code>${target.host}/m/docker.io/library/nginx:1</code>`);
    expect(await step.left()).toEqual([
      expect.stringMatching(/^airgap-bundle-report-\w+$/),
      expect.stringMatching(/report\.json$/),
    ]);
  });

  test('takes its settings by variable and from the bundle file, an input over both', async () => {
    const { name: _, images: __, 'signing-key': ___, ...rest } = inputs(target.host);
    const file = { apiVersion: 'airgap-bundle/v1', name: 'from-file', images: ['nginx:1'] };
    await writeFile(join(step.workspace, 'bundle.yaml'), JSON.stringify(file));
    const env = {
      AIRGAP_BUNDLE_NAME: 'from-variable',
      AIRGAP_BUNDLE_VERSION: '9.9.9',
      AIRGAP_BUNDLE_UNSIGNED: 'true',
    };
    const ended = await step.run(rest, env);
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.outputs['bundle-path']).toBe(join(step.workspace, 'from-variable-1.0.0.tar'));
  });

  test('runs where the runner takes no summary', async () => {
    const ended = await step.run(inputs(target.host, { command: 'plan' }), {
      GITHUB_STEP_SUMMARY: '',
    });
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.outputs['bundle-path']).toBeUndefined();
  });
});

describe('what strangers write does nothing', () => {
  const known = ['group', 'endgroup', 'error', 'warning', 'add-mask'];
  const fromUs = ({ name, text }: { name: string; text: string }) =>
    known.includes(name) && !(name === 'add-mask' && text.startsWith('evil'));

  test.each([
    ['an image', { images: '::set-output name=a::b\n##[set-env name=A]b\nnginx:1##[group]x' }],
    ['a map entry', { 'mirror-registries': '##[group]x\n::set-output name=a::b' }],
    ['the name', { name: '::set-output name=a::b' }],
    ['an endpoint', { endpoint: '##[error]x' }],
  ])('%s', async (_, more) => {
    const ended = await step.run(inputs(target.host, more));
    expect(ended.exitCode, ended.log).toBe(2);
    expect(ended.commands.filter((command) => !fromUs(command))).toEqual([]);
    expect(ended.commands.filter(({ name }) => name === 'error')).toHaveLength(1);
    expect(ended.outputs.a).toBeUndefined();
  });

  test('a folder', async () => {
    const ended = await step.run(inputs(target.host, { out: '##[add-mask]evil' }));
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.shown).toContain('# #[add-mask]evil/sample-1.0.0.tar');
    expect(ended.commands.filter((command) => !fromUs(command))).toEqual([]);
    expect(ended.outputs['bundle-path']).toContain('##[add-mask]evil/sample-1.0.0.tar');
  });

  test('the body of a refusal', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: evil }] });
    front.rules.push(({ method }) => (method === 'POST' ? { status: 403, body } : undefined));
    const ended = await step.run(
      inputs(front.host, {
        command: 'mirror',
        'base-content-path': 'refused',
        'mirror-registries': `docker.io::${front.host}/refused`,
      }),
    );
    expect(ended.exitCode, ended.log).toBe(8);
    expect(ended.log).toContain('stop-commands');
    expect(ended.commands.filter((command) => !fromUs(command))).toEqual([]);
    const errors = ended.commands.filter(({ name }) => name === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).not.toBe('fake');
    expect(ended.summary).not.toMatch(/^(::|##\[)/m);
  });
});

describe('secrets', () => {
  const forms = [password, `ops:${password}`, key.trimEnd()].flatMap((secret) => [
    ...secret.split('\n'),
    Buffer.from(secret).toString('base64'),
    encodeURIComponent(secret),
  ]);

  test('a wrong password is told without it, and every form of a secret is masked', async () => {
    const given = { command: 'mirror', 'push-username': 'ops', 'push-password': `${password}!` };
    const ended = await step.run(inputs(locked.host, given));
    expect(ended.exitCode, ended.log).toBe(7);
    const masks = ended.commands.filter(({ name }) => name === 'add-mask').map(({ text }) => text);
    const pair = Buffer.from(`ops:${password}!`).toString('base64');
    for (const form of [`${password}!`, pair, ...key.trimEnd().split('\n')]) {
      expect(masks).toContain(form);
    }
    const report = await readFile(ended.outputs['report-path'] ?? '', 'utf8');
    const written = [ended.shown, ended.summary, report, JSON.stringify(ended.outputs)].join('\n');
    for (const form of [...forms, pair]) expect(written).not.toContain(form);
    expect(ended.commands.find(({ name }) => name === 'error')?.text).toMatch(
      /401|refused|login|credential/,
    );
    expect((await step.left()).join('\n')).not.toMatch(/key|password|config/);
  });

  test('reach the target, and no child process by its environment or arguments', async () => {
    const { children, ended } = await stopped('SIGTERM', locked.host, {
      'push-username': 'ops',
      'push-password': password,
    });
    expect(ended.exitCode, ended.log).toBe(143);
    expect(children.length).toBeGreaterThan(0);
    for (const { environ, cmdline } of children) {
      for (const form of forms) expect(environ + cmdline).not.toContain(form);
      expect(environ).not.toContain('INPUT_');
    }
  });
});

describe('a cancelled step', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends its children, removes its secrets and says so', async (signal, code) => {
    const { children, ended, key: keyFile } = await stopped(signal, target.host);
    expect(ended.exitCode, ended.log).toBe(code);
    expect(keyFile).toEqual({ mode: 0o600, folder: 0o700 });
    expect(children.filter(({ pid }) => existsSync(`/proc/${pid}/exe`))).toEqual([]);
    expect(await step.left()).toEqual([]);
    const errors = ended.commands.filter(({ name }) => name === 'error');
    expect(errors.map(({ text }) => text)).toEqual([`interrupted by ${signal}`]);
  });

  test('that was killed is cleaned up by the post step', async () => {
    const { ended } = await stopped('SIGKILL', target.host);
    expect(ended.exitCode).toBe(null);
    const folder = ended.state['private-folder'] ?? '';
    expect(readdirSync(folder)).toContain('signing.key');
    const post = await step.run({}, { 'STATE_private-folder': folder });
    expect(post).toMatchObject({ exitCode: 0, log: '' });
    expect(await step.left()).toEqual([]);
  });
});

interface Child {
  readonly pid: string;
  readonly environ: string;
  readonly cmdline: string;
}

/** Starts a mirror whose uploads never end, and stops it once oras has one under way. */
async function stopped(
  signal: NodeJS.Signals,
  host: string,
  more: Readonly<Record<string, string>> = {},
) {
  const upstream = await startFrontProxy(host);
  let uploading = () => {};
  const isUploading = new Promise<void>((resolve) => {
    uploading = resolve;
  });
  upstream.rules.push(({ method, headers }) => {
    if (!/^(PUT|PATCH)$/.test(method) || !headers['user-agent']?.startsWith('oras'))
      return undefined;
    uploading();
    return new Promise(() => {});
  });
  try {
    for (const name of ['output', 'summary', 'state']) {
      await writeFile(join(step.workspace, '..', name), '');
    }
    // Its own path, so that no other test has filled it.
    const path = `m/${signal}`.toLowerCase();
    const given = { command: 'mirror', 'base-content-path': path, ...more };
    const map = { 'mirror-registries': `docker.io::${upstream.host}/${path}` };
    const running = step.start(inputs(upstream.host, { ...given, ...map }));
    await Promise.race([isUploading, running.ended]);
    const children = childrenOf(running.pid);
    const keyFile = (await step.left()).find((file) => file.endsWith('signing.key')) ?? '';
    const modeOf = (file: string) => statSync(join(step.temporary, file)).mode & 0o777;
    const modes = keyFile && { mode: modeOf(keyFile), folder: modeOf(join(keyFile, '..')) };
    running.kill(signal);
    return { children, key: modes, ended: await running.ended };
  } finally {
    await upstream.stop();
  }
}

function childrenOf(parent: number): Child[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        read(`/proc/${pid}/stat`)
          .replace(/^.*\) /, '')
          .split(' ')[1] === `${parent}`,
    )
    .map((pid) => ({
      pid,
      environ: read(`/proc/${pid}/environ`),
      cmdline: read(`/proc/${pid}/cmdline`),
    }));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
