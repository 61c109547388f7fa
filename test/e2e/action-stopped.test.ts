import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { key, sampleInputs } from '../action/sample-inputs.ts';
import { pushImage } from '../helpers/images.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type ActRun, type Checkout, makeCheckout, resultsOf } from './act.ts';

const password = 'correct horse/battery+staple';

let source: TestRegistry;
let target: TestRegistry;
let checkout: Checkout;

beforeAll(async () => {
  source = await startRegistry();
  target = await startRegistry({ htpasswd: { username: 'ops', password } });
  checkout = await makeCheckout(addProbe);
  // Large enough for oras to move it.
  const layers = [Buffer.alloc(2 * 1024 * 1024, 'nginx')];
  await pushImage(source.host, 'library/nginx', '1', { layers });
});

afterAll(() => Promise.all([source.stop(), target.stop(), checkout.remove()]));

/** An action that stands before ours: its post step runs after ours, and lists what is left then. */
async function addProbe(folder: string): Promise<void> {
  await mkdir(join(folder, 'probe'));
  const runs = 'runs: {using: node24, main: index.js, post: index.js}';
  await writeFile(join(folder, 'probe/action.yml'), `name: probe\ndescription: probe\n${runs}\n`);
  const program = `const { appendFileSync, readdirSync } = require('node:fs');
if (process.env.STATE_isPost) console.log('at the end: ' + list() + '.');
else appendFileSync(process.env.GITHUB_STATE, 'isPost=true\\n');
function list() { return readdirSync(process.env.RUNNER_TEMP, { recursive: true }).join(' '); }
`;
  await writeFile(join(folder, 'probe/index.js'), program);
}

const listing = 'echo "after the step: $(cd "$RUNNER_TEMP" && find . | tr "\\n" " ")"';

/** Stops the step's process while oras uploads. */
async function stopped(signal: NodeJS.Signals): Promise<{ run: ActRun; secrets: string[] }> {
  const front = await startFrontProxy(target.host);
  onTestFinished(() => front.stop());
  let uploading = () => {};
  const isUploading = new Promise<void>((resolve) => {
    uploading = resolve;
  });
  front.rules.push(({ method, headers }) => {
    if (!/^(PUT|PATCH)$/.test(method) || !headers['user-agent']?.startsWith('oras'))
      return undefined;
    uploading();
    return new Promise(() => {});
  });
  const path = `m/${signal}`.toLowerCase();
  const inputs = sampleInputs(source.host, front.host, {
    command: 'mirror',
    'base-content-path': path,
    'mirror-registries': `docker.io::${front.host}/${path}`,
    'signing-key': secret('SIGNING_KEY'),
    'push-username': 'ops',
    'push-password': secret('PUSH_PASSWORD'),
  });
  const running = await checkout.start(
    [
      { uses: './probe' },
      { id: 'bundle', uses: './', with: inputs },
      { if: 'always()', run: listing },
    ],
    { SIGNING_KEY: key, PUSH_PASSWORD: password },
  );
  await Promise.race([isUploading, running.ended]);
  const step = ours(running.pid);
  const secrets = filesBelow(readEnv(step, 'RUNNER_TEMP'));
  process.kill(step, signal);
  return { run: await running.ended, secrets };
}

/** An expression: the runner fills it in. */
function secret(name: string): string {
  return ['$', `{{ secrets.${name} }}`].join('');
}

/** The process of our step, somewhere below act. */
function ours(act: number): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = processes.find(
    (pid) => /dist\/action\.js\0?$/.test(read(pid, 'cmdline')) && isBelow(Number(pid), act),
  );
  if (found) return Number(found);
  throw new Error('act runs no step of ours');
}

function isBelow(pid: number, ancestor: number): boolean {
  const parent = Number(
    read(String(pid), 'stat')
      .replace(/^.*\) /, '')
      .split(' ')[1],
  );
  return parent === ancestor || (parent > 1 && isBelow(parent, ancestor));
}

function readEnv(pid: number, name: string): string {
  const variables = read(String(pid), 'environ').split('\0');
  return variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

function read(pid: string, file: string): string {
  const path = `/proc/${pid}/${file}`;
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String);
}

const told = (run: ActRun, begin: string) =>
  run.events.map(({ msg }) => msg.trim()).find((msg) => msg.startsWith(begin)) ?? '';

describe('a step that is stopped in a workflow leaves no credential:', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s, by itself', async (signal, code) => {
    const { run, secrets } = await stopped(signal);
    expect(secrets.join('\n')).toMatch(/signing\.key/);
    expect(secrets.join('\n')).toMatch(/login-/);
    expect(run.events.map(({ msg }) => msg)).toContain(`exit status ${code}`);
    expect(resultsOf(run)).toEqual(['Main failure', 'Post success']);
    expect(told(run, 'after the step: ')).toBe('after the step: .');
    expect(told(run, 'at the end: ')).toBe('at the end: .');
    expect(run.shown).not.toContain(password);
  });

  test('SIGKILL, by its post step', async () => {
    const { run, secrets } = await stopped('SIGKILL');
    expect(secrets.join('\n')).toMatch(/signing\.key/);
    expect(resultsOf(run)).toEqual(['Main failure', 'Post success']);
    expect(told(run, 'after the step: ')).toMatch(/signing\.key/);
    expect(told(run, 'at the end: ')).toBe('at the end: .');
    expect(run.shown).not.toContain(password);
  });
});
