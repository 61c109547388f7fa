import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ActionInputs, readActionInputs } from '../../src/action/inputs.ts';
import { buildProgram, type Finish } from '../../src/cli/program.ts';
import type { Context } from '../../src/context.ts';
import { settings } from '../../src/inputs/settings.ts';
import { recordingFolder } from './recorder.ts';

interface Read {
  readonly inputs: ActionInputs;
  readonly secrets: string[];
  readonly kept: Map<string, string>;
}

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'airgap-'));
  await writeFile(join(cwd, 'passphrase'), 'open sesame\n');
});

afterAll(() => rm(cwd, { recursive: true }));

async function read(
  given: Readonly<Record<string, string>>,
  env: Context['env'] = {},
): Promise<Read> {
  const secrets: string[] = [];
  const folder = recordingFolder();
  const context: Context = {
    env,
    cwd,
    temporary: cwd,
    now: () => new Date(0),
    signal: new AbortController().signal,
    emit: (event) => void (event.kind === 'secret' && secrets.push(event.value)),
  };
  const inputs = await readActionInputs((name) => given[name] ?? '', context, folder);
  return { inputs, secrets, kept: folder.kept };
}

/** The cluster's login: here there is one to push with, too. */
const otherwise: Readonly<Record<string, string>> = {
  username: 'pull-username',
  'password-file': 'pull-password-file',
};

/** Why an option of the CLI is no input. */
const notTaken: Readonly<Record<string, string>> = {
  output: 'the results are in report-path, outputs and summary',
  quiet: 'the log is grouped by step',
};

function programOf() {
  return buildProgram({} as Context, {} as Finish);
}

describe('action.yml', () => {
  const file = load(readFileSync('action.yml', 'utf8')) as {
    inputs: Record<string, { description: string; required?: boolean; default?: string }>;
    outputs: Record<string, object>;
    runs: Record<string, string>;
  };

  test('declares every input that is read, and no other', async () => {
    const names = new Set<string>();
    const input = (name: string) => {
      names.add(name);
      return '';
    };
    const context = { env: {}, cwd, emit: () => {} } as unknown as Context;
    await readActionInputs(input, context, recordingFolder());
    expect(Object.keys(file.inputs).sort()).toEqual([...names].sort());
  });

  test('has an input for every setting, and for every option of plan, mirror and create', () => {
    const verbs = ['plan', 'mirror', 'create'];
    const options = programOf().commands.filter((verb) => verbs.includes(verb.name()));
    const flags = options.flatMap(({ options }) => options.map(({ long }) => long?.slice(2) ?? ''));
    const wanted = new Set([...settings.map(({ name }) => name), ...flags]);
    const lacking = [...wanted].filter((flag) => !((otherwise[flag] ?? flag) in file.inputs));
    expect(lacking.filter((flag) => !(flag in notTaken))).toEqual([]);
  });

  test('names them in kebab-case, describes them, and interpolates nothing', () => {
    for (const [name, { description }] of Object.entries(file.inputs)) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(description).toMatch(/^[^$]+\.$/);
    }
  });

  test('gives no setting a default, which would overrule the bundle file', () => {
    const withDefault = settings.filter(({ name }) => file.inputs[name]?.default !== undefined);
    expect(withDefault).toEqual([]);
  });

  test('has the outputs and runs the built file, afterwards too', () => {
    expect(file.runs).toEqual({
      using: 'node24',
      main: 'dist/action.js',
      post: 'dist/action.js',
    });
  });
});

describe('lists', () => {
  test.each([
    ['by comma', 'nginx:1,redis:7', ['nginx:1', 'redis:7']],
    ['by line', 'nginx:1\nredis:7\n', ['nginx:1', 'redis:7']],
    ['by both, with a trailing comma', ' nginx:1, \r\nredis:7,\n', ['nginx:1', 'redis:7']],
    ['with comments', '# base\nnginx:1 # web\n\nredis:7', ['nginx:1', 'redis:7']],
    ['with a digest', `a@sha256:${'0'.repeat(64)}`, [`a@sha256:${'0'.repeat(64)}`]],
  ])('%s', async (_, text, expected) => {
    const { inputs } = await read({ images: text });
    expect(inputs.bundle.given.images).toEqual(expected);
  });

  test.each([
    [
      'the comma form stays as written',
      ' docker.io::h/d, gcr.io::h/g',
      'docker.io::h/d, gcr.io::h/g',
    ],
    ['lines are joined', 'docker.io::h/d\n# Google\ngcr.io::h/g\n', 'docker.io::h/d,gcr.io::h/g'],
    [
      'a comma at the end of a line is no entry',
      'docker.io::h/d,\ngcr.io::h/g,',
      'docker.io::h/d,gcr.io::h/g',
    ],
    [
      'exclusions stay together',
      'a.io::h/a\nnoswap_wildcards::b,c',
      'a.io::h/a,noswap_wildcards::b,c',
    ],
  ])('the mirror map: %s', async (_, text, expected) => {
    const { inputs } = await read({ 'mirror-registries': text });
    expect(inputs.bundle.given['mirror-registries']).toBe(expected);
  });

  test.each([
    ['', ['create']],
    ['mirror', ['mirror']],
    ['create, mirror', ['mirror', 'create']],
    ['plan\nplan', ['plan']],
  ])('command: %j', async (command, expected) => {
    expect((await read({ command })).inputs.commands).toEqual(expected);
  });
});

describe('other values', () => {
  test('an input that is not given leaves the word to variable and file', async () => {
    const { inputs } = await read({});
    expect(inputs).toEqual({
      commands: ['create'],
      bundle: { given: {} },
      out: '.',
      plan: undefined,
      withoutImages: false,
      reuse: undefined,
      since: undefined,
      fresh: false,
      env: {},
      deep: false,
      push: {
        ...{ username: undefined, passwordFile: undefined },
        ...{ allowPlainHttp: false, logins: new Map() },
      },
      pull: { username: undefined, passwordFile: undefined },
    });
  });

  test.each([
    ['true', true],
    ['True', true],
    [' false\n', false],
  ])('a switch takes %j', async (text, expected) => {
    const { inputs } = await read({ 'insecure-skip-verify': text, 'without-images': text });
    expect(inputs.bundle.given['insecure-skip-verify']).toBe(expected);
    expect(inputs.withoutImages).toBe(expected);
  });
});

describe('the lock file', () => {
  test.each([
    [{ lock: 'true' }, []],
    [{ update: 'all' }, 'all'],
    [{ lock: 'true', update: 'nginx:1\nredis:7' }, ['nginx:1', 'redis:7']],
    [{ lock: 'false' }, undefined],
  ])('%j', async (given, expected) => {
    const { inputs } = await read({ command: 'plan', ...(given as Record<string, string>) });
    expect(inputs.update).toEqual(expected);
  });
});

describe('secrets', () => {
  test('are masked, and kept in private files', async () => {
    const { inputs, secrets, kept } = await read({
      'signing-key': 'line one\nline two\n',
      'signing-key-passphrase': 'sesame',
      'push-username': 'ops',
      'push-password': ' spaces are mine \n',
      'pull-username': 'puller',
      'pull-password': 'of the cluster\n',
      'registry-auth': '- {registry: quay.io, username: reader, password: of quay}',
    });
    expect(inputs.push.logins).toEqual(
      new Map([['quay.io', { username: 'reader', password: 'of quay' }]]),
    );
    expect([...kept]).toEqual([
      ['signing.key', 'line one\nline two\n'],
      ['push-password', ' spaces are mine '],
      ['pull-password', 'of the cluster'],
    ]);
    expect(inputs.bundle.given['signing-key-file']).toBe('/private/signing.key');
    expect(inputs.push.passwordFile).toBe('/private/push-password');
    expect(inputs.pull).toEqual({ username: 'puller', passwordFile: '/private/pull-password' });
    expect(inputs.env).toEqual({ AIRGAP_BUNDLE_KEY_PASSPHRASE: 'sesame' });
    for (const secret of [
      'line one\nline two',
      'sesame',
      ' spaces are mine ',
      'ops: spaces are mine ',
      'of the cluster',
      'puller:of the cluster',
      'of quay',
      'reader:of quay',
    ]) {
      expect(secrets).toContain(secret);
    }
  });

  test('are masked though they come by variable or file', async () => {
    const env = { AIRGAP_BUNDLE_PUSH_PASSWORD: 'by variable' };
    const { inputs, secrets } = await read({ 'signing-key-passphrase-file': 'passphrase' }, env);
    expect(secrets).toEqual(['by variable', 'open sesame']);
    expect(inputs.env).toEqual({ AIRGAP_BUNDLE_KEY_PASSPHRASE: 'open sesame' });
  });

  test('are masked before anything is refused', async () => {
    const secrets: string[] = [];
    const given: Record<string, string> = {
      command: 'delete',
      'push-password': 'hunter22',
      'registry-auth': '[{password: hunter33}, {}]',
    };
    const context = {
      env: {},
      cwd,
      emit: (event: { value?: string }) => secrets.push(event.value ?? ''),
    };
    const reading = readActionInputs(
      (name) => given[name] ?? '',
      context as unknown as Context,
      recordingFolder(),
    );
    await expect(reading).rejects.toThrow('registry-auth');
    expect(secrets).toEqual(expect.arrayContaining(['hunter22', 'hunter33']));
  });
});

describe('refused', () => {
  test.each([
    [{ command: 'load' }, 'the input `command` names no command'],
    [{ command: ',' }, 'the input `command` names no command'],
    [{ 'without-images': 'yes' }, 'without-images is neither true nor false'],
    [{ unsigned: '1' }, 'unsigned is neither true nor false'],
    [{ 'signing-key': 'k', 'signing-key-file': 'f' }, 'signing-key and signing-key-file are both'],
    [{ 'signing-key': 'k', unsigned: 'true' }, 'signing-key and unsigned are both given'],
    [
      { 'push-password': 'p', 'push-password-file': 'f' },
      'push-password and push-password-file are',
    ],
    [
      { 'pull-password': 'p', 'pull-password-file': 'f' },
      'pull-password and pull-password-file are',
    ],
    [{ images: 'a', 'images-file': 'f' }, 'images and images-file are both given'],
    [{ summary: 'no' }, 'summary is neither true nor false'],
    [{ lock: 'true' }, 'lock and update are for command: plan alone'],
    [{ command: 'plan,mirror', update: 'all' }, 'lock and update are for command: plan alone'],
    [{ shards: '3' }, 'the input shards is not for this command'],
    [{ command: 'plan,mirror', shard: '1/3' }, 'the input shard is not for this command'],
    [{ command: 'mirror', join: 'parts' }, 'the input join is not for this command'],
    [{ command: 'mirror', shard: '1/3' }, 'the input shard is given without the input plan'],
    [{ join: 'parts' }, 'the input join is given without the input plan'],
    [{ 'registry-auth': 'ops:hunter22' }, 'registry-auth is no list'],
    [{ 'signing-key-passphrase-file': 'nowhere' }, 'the passphrase file is not there'],
  ])('%j', async (given, message) => {
    await expect(read(given as Record<string, string>)).rejects.toMatchObject({
      class: 'usage',
      message: expect.stringContaining(message),
    });
  });

  test('unsigned: false contradicts no key', async () => {
    const { inputs } = await read({ 'signing-key': 'k', unsigned: 'false' });
    expect(inputs.bundle.given.unsigned).toBe(false);
  });
});
