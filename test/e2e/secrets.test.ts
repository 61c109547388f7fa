import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeChart } from '../helpers/chart.ts';
import { pushImage } from '../helpers/images.ts';
import { type Ended, type Job, reached, section, startJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { watchingPrograms } from '../helpers/strace.ts';

/** A word in each secret that cannot turn up by chance, whatever the rest of the secret is escaped to. */
const canaries = {
  sourcePassword: 'Canary1Quay',
  pushPassword: 'Canary2Harbor',
  passphrase: 'Canary3Signing',
  sectionUsername: 'Canary4Robot',
  sectionPassword: 'Canary5Pasted',
  pullPassword: 'Canary6Cluster',
  wrongPassword: 'Canary7Mistyped',
  wrongPassphrase: 'Canary8Mistyped',
};
const secret = (canary: string) => `p:ä"ss ${canary} $(id) %2F+=`;
const pull = { username: 'puller', password: secret(canaries.sourcePassword) };
const push = { username: 'pusher', password: secret(canaries.pushPassword) };

let source: TestRegistry;
let target: TestRegistry;
/** Before the registries, to see which credential reaches which. */
let sourceFront: FrontProxy;
let targetFront: FrontProxy;
let job: Job;
let traces: string;
const runs: (Ended<unknown> & { argv: string; trace: string })[] = [];

beforeAll(async () => {
  [source, target, traces] = await Promise.all([
    startRegistry({ htpasswd: pull }),
    startRegistry({ htpasswd: push }),
    mkdtemp(join(tmpdir(), 'airgap-trace-')),
  ]);
  sourceFront = await startFrontProxy(source.host);
  targetFront = await startFrontProxy(target.host);
  const options = { credential: pull };
  // Large enough that oras moves it, in mirror too.
  const large = { layers: [Buffer.alloc(2 * 1024 * 1024, 'a layer')], opaque: true };
  await pushImage(source.host, 'docker.io/library/nginx', '1', { ...options, ...large });
  await pushImage(source.host, 'quay.io/a/b', '1', { ...options, platforms: ['linux/amd64'] });
  job = await startJob({
    AIRGAP_BUNDLE_KEY_PASSPHRASE: secret(canaries.passphrase),
    AIRGAP_BUNDLE_PASSWORD: secret(canaries.pullPassword),
  });
  await makeChart(job.folder, { spelling: 'nested' });
  await writeInputs();
  await runEverything();
});

afterAll(async () => {
  await Promise.all([sourceFront.stop(), targetFront.stop(), source.stop(), target.stop()]);
  await Promise.all([job.remove(), rm(traces, { recursive: true })]);
});

/** Every way to give a secret. */
async function writeInputs(): Promise<void> {
  const auth = Buffer.from(`${pull.username}:${pull.password}`).toString('base64');
  await job.write(
    'home/.docker/config.json',
    JSON.stringify({ auths: { [sourceFront.host]: { auth } } }),
  );
  await job.write('push-password', `${push.password}\n`);
  await job.write('wrong-password', secret(canaries.wrongPassword));
  await job.bundle(targetFront.host, {
    ociImageRegistry: {
      ...section(targetFront.host),
      username: canaries.sectionUsername,
      password: secret(canaries.sectionPassword),
    },
    images: ['nginx:1', 'quay.io/a/b:1'],
    registries: reached(sourceFront.host, targetFront.host),
  });
}
const inputs = ['home/.docker/config.json', 'push-password', 'wrong-password', 'bundle.yaml'];

async function runEverything(): Promise<void> {
  const tar = ['out/sample-1.0.0.tar', '--key', 'bundle.pub'];
  const user = ['--push-username', push.username];
  const wrong = [...user, '--push-password-file', 'wrong-password'];
  const file = [...user, '--push-password-file', 'push-password'];
  const passphrase = { AIRGAP_BUNDLE_KEY_PASSPHRASE: secret(canaries.wrongPassphrase) };
  await run(0, {}, 'keygen', '--out', 'bundle.key');
  await run(0, {}, 'plan', '-f', 'bundle.yaml', '-o', 'plan.json');
  await run(2, passphrase, 'create', '-f', 'bundle.yaml', '-o', 'out');
  await run(0, {}, 'create', '-f', 'bundle.yaml', '-o', 'out');
  await run(7, {}, 'mirror', '-f', 'bundle.yaml', ...wrong);
  await run(0, {}, 'mirror', '-f', 'bundle.yaml', ...file);
  await run(0, {}, 'verify', ...tar);
  await run(0, {}, 'inspect', ...tar);
  await rm(join(target.folder, 'storage'), { recursive: true });
  const byVariable = { AIRGAP_BUNDLE_PUSH_PASSWORD: secret(canaries.wrongPassword) };
  await run(7, byVariable, 'load', ...tar, ...user);
  await run(0, { AIRGAP_BUNDLE_PUSH_PASSWORD: push.password }, 'load', ...tar, ...user);
}

/** Runs a verb under strace, which writes down every program that it starts, with arguments and environment. */
async function run(exitCode: number, env: Record<string, string>, ...argv: string[]) {
  const trace = join(traces, `${runs.length}`);
  const prefix = watchingPrograms(trace, '--seccomp-bpf');
  const ended = await job.runWith({ prefix, env }, ...argv, '--output', 'json');
  runs.push({ ...ended, argv: argv.join(' '), trace });
  if (ended.exitCode !== exitCode)
    throw new Error(`${argv.join(' ')} ended with ${ended.exitCode}\n${ended.stderr}`);
}

describe.each(Object.entries(canaries))('%s', (_, canary) => {
  test('is not in what the verbs print', () => {
    for (const { argv, stdout, stderr } of runs) {
      expect(stdout.length + stderr.length, argv).toBeGreaterThan(0);
      expect(revealed(stdout, canary), argv).toEqual([]);
      expect(revealed(stderr, canary), argv).toEqual([]);
    }
  });

  test('is not in arguments or environment of a child', async () => {
    const starts = await childStarts();
    expect(starts.filter((line) => /oras", "cp"/.test(line)).length).toBeGreaterThan(1);
    expect(starts.flatMap((line) => revealed(line, canary))).toEqual([]);
  });

  test('is in no file that is left, bundle and temporary folder included', async () => {
    const files = await leftFiles();
    expect(files).toContain('out/sample-1.0.0.tar');
    for (const file of files) {
      const bytes = await readFile(job.path(file), 'latin1');
      expect(revealed(bytes, canary), file).toEqual([]);
    }
  });
});

test('nothing is left in the temporary folder', async () => {
  expect(await readdir(job.path('tmp'))).toEqual([]);
});

test('a run that is stopped while oras runs leaves nothing there either', async () => {
  await rm(join(target.folder, 'storage'), { recursive: true });
  const stop = new AbortController();
  targetFront.rules.unshift(({ method, headers }) => {
    // Smaller ones are our own.
    if (method !== 'PUT' || Number(headers['content-length']) <= 1024 * 1024) return undefined;
    stop.abort();
    return new Promise(() => {});
  });
  const argv = ['--push-username', push.username, '--push-password-file', 'push-password'];
  const ended = await job.runWith({ stop: stop.signal }, 'mirror', '-f', 'bundle.yaml', ...argv);
  targetFront.rules.shift();
  expect(ended.exitCode).toBe(143);
  expect(ended.stderr).toContain('interrupted');
  expect(await readdir(job.path('tmp'))).toEqual([]);
});

test('the pasted credential is warned of, and empty in the bundle', async () => {
  const warnings = runs.filter(({ stderr }) => stderr.includes('username and password in'));
  expect(warnings.map(({ argv }) => argv.split(' ')[0])).toContain('create');
  const { stdout } = await execa('tar', ['-xOf', job.path('out/sample-1.0.0.tar'), 'values.yaml']);
  expect(stdout).toMatch(/username: ["']{2}$/m);
  expect(stdout).toMatch(/password: ["']{2}$/m);
});

test('each registry saw its own credential and no other', () => {
  const wrong = { username: push.username, password: secret(canaries.wrongPassword) };
  expect(credentialsSeen(sourceFront)).toEqual([basic(pull)]);
  expect(credentialsSeen(targetFront)).toEqual([basic(push), basic(wrong)].sort());
});

test('a search that finds nothing could find something', async () => {
  const all = await Promise.all(inputs.map((file) => readFile(job.path(file), 'latin1')));
  expect(revealed(all.join(), canaries.sourcePassword)).not.toEqual([]);
  expect(revealed(all.join(), canaries.sectionPassword)).not.toEqual([]);
  expect(revealed(all.join(), canaries.passphrase)).toEqual([]);
});

/** Where a canary stands in a text: as it is, or within base64 at any of its three alignments. */
function revealed(text: string, canary: string): string[] {
  const encoded = [0, 1, 2].map((shift) => {
    const whole = Buffer.from(`${'\0'.repeat(shift)}${canary}`).toString('base64');
    // What the bytes around it decide as well is left out.
    return whole.replace(/=+$/, '').slice(shift && shift + 1, -1);
  });
  return [canary, ...encoded].flatMap((form) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [text.slice(Math.max(0, at - 100), at + 100)];
  });
}

/** The execve lines of each run but its first, which is the run itself. */
async function childStarts(): Promise<string[]> {
  const logs = await Promise.all(runs.map(({ trace }) => readFile(trace, 'latin1')));
  return logs.flatMap((log) =>
    log
      .split('\n')
      .filter((line) => line.includes('execve('))
      .slice(1),
  );
}

async function leftFiles(): Promise<string[]> {
  const found = await readdir(job.folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(job.folder, join(entry.parentPath, entry.name)))
    .filter((file) => !inputs.includes(file));
}

function credentialsSeen({ requests }: FrontProxy): string[] {
  const seen = requests.flatMap(({ headers }) => headers.authorization ?? []);
  return [...new Set(seen)].sort();
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
