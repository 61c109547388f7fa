import { strict as assert } from 'node:assert';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formsOf } from '../../src/report/redact.ts';
import { type FrontProxy, startFrontProxy } from '../../test/helpers/proxy.ts';
import { watchingPrograms } from '../../test/helpers/strace.ts';
import { decoded, type JumpHost, makeJumpHost, shells } from '../../test/install/jump-host.ts';
import { keyPair, makeBundle } from '../../test/install/make-bundle.ts';
import type { Random } from '../random.ts';
import { openRegistry, type Registry } from '../registries.ts';
import { survived, type Trial, type Verdict } from '../trial.ts';

interface Made {
  readonly folder: string;
  readonly args: readonly string[];
  /** Lets nobody in but the pusher of the run. */
  readonly target: FrontProxy;
  readonly registry: Registry;
}

let made: Promise<Made> | undefined;

/** A bundle that is shared: it knows no secret. */
async function make(): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-trial-'));
  const registry = await openRegistry('distribution');
  const target = await startFrontProxy(registry.host);
  const { path } = await makeBundle({
    folder,
    endpoint: target.host,
    key: 'ed25519',
    spelling: 'nested',
  });
  return { folder, args: [path, '--key', keyPair(folder, 'ed25519').pub], target, registry };
}

/** install.sh with generated passwords, real helm, and every program that it starts looked at by strace. */
export const secrets: Trial = {
  id: 'T41',
  title: 'a password reaches the Secret and the chart byte for byte, and no other place',
  star: true,
  cases: (size) => {
    const count = { smoke: 4, small: 60, full: 1000 }[size];
    return [
      {
        name: `${count} generated passwords`,
        seconds: 30 + 5 * count,
        run: (random) => tryPasswords(count, random),
      },
    ];
  },
  close: async () => {
    const last = await made;
    made = undefined;
    if (!last) return;
    await last.target.stop();
    await last.registry.stop();
    await rm(last.folder, { recursive: true, force: true });
  },
};

/** Two a run: what the cluster pulls with, by a file, and what images are pushed with, by the environment. */
async function tryPasswords(count: number, random: Random): Promise<Verdict> {
  let tried = 0;
  for (let run = 0; tried < count; run++) {
    const [pull, push] = [passwordOf(random), passwordOf(random).replaceAll('\n', ' ')];
    try {
      await tryOne(run, pull, push, random);
    } catch (error) {
      const words = JSON.stringify([pull, push]).slice(0, 500);
      throw new Error(`run ${run}, ${words}: ${(error as Error).message}`, { cause: error });
    }
    tried += 2;
  }
  return survived({ passwords: tried, 'found elsewhere': 0 });
}

async function tryOne(run: number, pull: string, push: string, random: Random): Promise<void> {
  made ??= make();
  const { folder, args, target, registry } = await made;
  await registry.empty();
  lockFor(target, push);
  const trace = join(folder, 'trace');
  const prefix = watchingPrograms(trace);
  const shell = random.pick(Object.keys(shells) as (keyof typeof shells)[]);
  const host = await makeJumpHost({ shell, prefix });
  try {
    await writeFile(join(host.folder, 'password'), `${pull}${random.pick(['', '\n', '\r\n'])}`);
    const words = [
      '--username',
      'puller',
      '--password-file',
      'password',
      '--push-username',
      'pusher',
    ];
    // Every program is traced: a load is long.
    const isLoaded = run % 4 === 0;
    const flags = isLoaded ? [] : random.pick(withoutLoad);
    const outcome = await host.install([...args, ...words, ...flags, '--yes'], {
      AIRGAP_BUNDLE_PUSH_PASSWORD: push,
    });
    assert.equal(outcome.code, 0, outcome.stderr);
    const pushed = target.requests.filter(
      ({ method, status }) => method === 'PUT' && status === 201,
    );
    assert.equal(pushed.length > 0, isLoaded, 'what was pushed');
    await arrived(host, pull);
    const [script = '', ...programs] = callsIn(await readFile(trace, 'latin1'));
    assert.ok(script.includes(latin1(push)), 'what is searched for could be found');
    assert.ok(programs.length > 50, 'strace saw the programs');
    const children = programs.join('\n');
    const texts = { stdout: outcome.stdout, stderr: outcome.stderr, children };
    for (const secret of [pull, push]) {
      for (const [place, text] of Object.entries(texts)) refuse(secret, text, place);
    }
    await nothingLeft(host, [pull, push]);
  } finally {
    await host.remove();
  }
}

const withoutLoad = [
  ['--skip', 'load'],
  ['--only', 'secret,chart'],
];

/** 401 for whoever has not this very password. */
function lockFor({ rules, clear }: FrontProxy, password: string): void {
  const expected = `Basic ${Buffer.from(`pusher:${password}`).toString('base64')}`;
  const headers = { 'www-authenticate': 'Basic realm="trial"' };
  const refusal = { status: 401, headers, body: '{"errors":[{"code":"UNAUTHORIZED"}]}' };
  rules.length = 0;
  rules.push((request) => (request.headers.authorization === expected ? undefined : refusal));
  clear();
}

async function arrived(host: JumpHost, password: string): Promise<void> {
  assert.equal(decoded(await host.applied('Secret')).PASSWORD, password, 'the Secret');
  const rendered = decoded((await host.rendered())[0]);
  assert.equal(rendered.password, password, 'what helm rendered');
}

/** Arguments and environment of the script's own shell, which gets the variable, and of every program after it. */
function callsIn(trace: string): string[] {
  const calls = trace.split('\n').filter((line) => line.includes('execve('));
  return calls.map(unescaped);
}

/** As strace prints strings: octal and C escapes. */
function unescaped(line: string): string {
  return line.replace(/\\([0-7]{1,3}|.)/g, (_, code: string) => {
    const known: Record<string, string> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };
    return /^[0-7]/.test(code)
      ? String.fromCharCode(Number.parseInt(code, 8))
      : (known[code] ?? code);
  });
}

/** What goes into the stand-ins' folders is what a cluster would get. */
async function nothingLeft({ folder }: JumpHost, passwords: readonly string[]): Promise<void> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name);
    const isGoal = /\/(cluster|helm|bin)\//.test(path) || path === join(folder, 'password');
    if (!entry.isFile() || isGoal) continue;
    const text = await readFile(path, 'latin1');
    for (const password of passwords) refuse(password, text, path);
  }
}

/** Looks for a secret in every form that it could take; each line of it that cannot be there by chance. */
function refuse(secret: string, text: string, place: string): void {
  const forms = formsOf(secret).flatMap((form) => [form, latin1(form)]);
  const found = forms.find((form) => form.length >= 8 && text.includes(form));
  assert.equal(found, undefined, `${place} holds a form of a secret`);
}

/** UTF-8 as it looks to whoever reads bytes. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

const pieces = ['"', "'", '$', '`', '\\', ': #', '{{', '}}', '%', '$(id)', '$HOME', '!', '&', '*'];
const more = [
  '😀',
  'ü',
  '日本',
  ' ',
  '  ',
  '\t',
  '|',
  '>',
  ';',
  '~',
  '@',
  '[',
  ']',
  '\\n',
  ',',
  '=',
  '\u0085',
];
const wholes = [
  'yes',
  '0123',
  '1e3',
  'null',
  '~',
  ' leading',
  'trailing ',
  '-n',
  '--help',
  '@file',
];

/** With a core that cannot turn up by chance, though a whole word of YAML or shell stands alone now and then. */
function passwordOf(random: Random): string {
  if (random.chance(0.05)) return random.pick(wholes);
  const core = `Canary${random.bytes(8).toString('hex')}`;
  const around = () =>
    Array.from({ length: random.below(6) }, () => random.pick([...pieces, ...more])).join('');
  const line = `${around()}${core}${around()}`;
  if (random.chance(0.1)) return `${line}\n${around()}Second${core}${around()}`;
  return random.chance(0.05) ? line.padEnd(4096, 'x') : line;
}
