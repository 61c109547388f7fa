import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { digestAt } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { startTarget, type Target } from '../transfer/setting.ts';
import { sendings, until } from './killed.ts';

/** Large enough that oras moves it. */
const layer = Buffer.alloc(3_000_000, 'a layer ');
const other = Buffer.alloc(2_000_000, 'another ');

let source: TestRegistry;
let target: Target;
let job: Job;
let digest: string;

beforeAll(async () => {
  source = await startRegistry();
  job = await startKeyedJob();
  const image = { layers: [other, layer], opaque: true };
  digest = (await pushImage(source.host, 'quay.io/a/b', '1', image)).digest;
});
afterAll(async () => {
  await source.stop();
  await job.remove();
});
beforeEach(async () => {
  target = await startTarget();
  const registries = reached(source.host, target.host);
  await job.bundle(target.host, { images: ['quay.io/a/b:1'], registries });
});
afterEach(async () => {
  await target.stop();
  await rm(job.path('.airgap-bundle'), { recursive: true, force: true });
});

/** A mirror whose oras has sent one blob and is held in the other's upload until `letGo`. */
async function heldMirror(env: Readonly<Record<string, string>> = {}) {
  let letGo = () => {};
  const isTime = new Promise<undefined>((resolve) => {
    letGo = () => resolve(undefined);
  });
  target.rules.push((request) => (sends(layer)(request) ? isTime : undefined));
  const writesPid = ['sh', '-c', 'echo $$ > pid; exec "$@"', 'sh'];
  const ended = job.runWith({ prefix: writesPid, env }, 'mirror', '--output', 'json');
  await until(
    () =>
      target.requests.some(sends(layer)) &&
      sendings(target.registry.requests()).has(digestOf(other)),
  );
  const pid = (await readFile(job.path('pid'), 'utf8')).trim();
  const kill = (signal: NodeJS.Signals) => process.kill(Number(pid), signal);
  return { pid, ended, kill, children: childrenOf(pid), letGo };
}

const sends = (blob: Buffer) => (request: { method: string; path: string }) =>
  request.method === 'PUT' && decodeURIComponent(request.path).includes(digestOf(blob));

const mirror = () => job.done('mirror', '-f', 'bundle.yaml');

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s', (signal, code) => {
  test('ends the children, tells what is done, and the next run goes on', async () => {
    const { children, kill, ended } = await heldMirror();
    expect(children.length).toBeGreaterThan(0);
    kill(signal);
    const { exitCode, json, stderr } = await ended;
    expect(exitCode).toBe(code);
    expect(children.filter(runs)).toEqual([]);
    const given = expect.stringMatching(/^done: .+ of 4.8 MiB, \d+ %, 0 of 1 image$/);
    const message = `interrupted by ${signal}: run again to go on`;
    expect(json).toEqual({
      errors: [{ class: 'interrupted', exitCode: code, message, given }],
    });
    expect(stderr).toContain(message);
    expect(await readdir(job.path('tmp'))).toEqual([]);
    target.rules.length = 0;
    await mirror();
    expect(await digestAt(target.host, 'm/quay.io/a/b', '1')).toBe(digest);
    expect(sendings(target.registry.requests()).get(digestOf(other))).toBe(1);
  });
});

describe('a second signal', () => {
  /** As on a disk that hangs, the private folder is never removed, and the run waits for it. */
  const hangs = `import fs from 'node:fs';import { syncBuiltinESMExports } from 'node:module';
    const { rm } = fs.promises;const never = () => new Promise(() => setInterval(() => {}, 1e3));
    fs.promises.rm = (path, how) => (/tmp.airgap-bundle-/.test(path) ? never() : rm(path, how));
    syncBuiltinESMExports()`;
  const stubborn = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hangs)}` };

  test('within a second is the same one, as a terminal and npm both send it', async () => {
    const { kill, ended } = await heldMirror();
    kill('SIGINT');
    kill('SIGINT');
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('interrupted by SIGINT: run again to go on');
  });

  test('later ends a run that does not end by itself', async () => {
    const { pid, kill, ended } = await heldMirror(stubborn);
    kill('SIGINT');
    await sleep(1_100);
    expect(runs(pid)).toBe(true);
    kill('SIGTERM');
    expect((await ended).exitCode).toBe(143);
    expect(await readdir(job.path('tmp'))).toEqual([]);
  });
});

test('a run that is killed leaves no oras that goes on: it ends with the blob that it sends', async () => {
  const { children, kill, letGo } = await heldMirror();
  kill('SIGKILL');
  expect(await readdir(job.path('tmp'))).toHaveLength(1);
  expect(children.filter(runs)).toEqual(children);
  // The next run is right while the other's process still sends.
  const next = mirror();
  await until(() => startsOf(layer) > 1);
  letGo();
  await next;
  await until(() => children.filter(runs).length === 0);
  expect(await digestAt(target.host, 'm/quay.io/a/b', '1')).toBe(digest);
  // The logins of the killed one are gone as well.
  expect(await readdir(job.path('tmp'))).toEqual([]);
});

const startsOf = (blob: Buffer) => target.requests.filter(sends(blob)).length;

function childrenOf(parent: string): string[] {
  const isPid = (name: string) => /^\d+$/.test(name);
  const parentOf = (pid: string) => statOf(pid)[1];
  return readdirSync('/proc').filter((name) => isPid(name) && parentOf(name) === parent);
}

const runs = (pid: string): boolean => /^[RSDT]$/.test(statOf(pid)[0] ?? '');

/** State, parent, and what else proc_pid_stat(5) tells behind the name. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}
