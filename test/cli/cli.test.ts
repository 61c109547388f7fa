import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settings, variableOf } from '../../src/inputs/settings.ts';

const program = resolve(import.meta.dirname, '../../dist/bundle.js');
const verbs = [
  'plan',
  'prepare',
  'mirror',
  'create',
  'keygen',
  'resolve',
  'verify',
  'load',
  'inspect',
  'diff',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterAll(() => rm(folder, { recursive: true }));

const command = [process.execPath, program] as const;

/** Runs the built program in an empty folder, with nothing of ours in the environment. */
function start(...args: string[]) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME };
  const [node, ...words] = command;
  return execa(node, [...words, ...args], { cwd: folder, env, extendEnv: false, reject: false });
}

async function run(...args: string[]) {
  const { exitCode, stdout, stderr } = await start(...args);
  return { exitCode, stdout, stderr };
}

/** Fields of a bundle.yaml that need no registry. */
const target =
  'environment: non-airgap\nociImageRegistry: {endpoint: h.example, name: a, baseContentPath: a, mirrorRegistries: "docker.io::h.example/a"}\n';

describe('help and version go to standard output', () => {
  test('--version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await run('--version')).toEqual({ exitCode: 0, stdout: version, stderr: '' });
  });

  test('--help names every verb and the exit codes', async () => {
    const { exitCode, stdout, stderr } = await run('--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
    expect(stdout).toMatch(/^Exit codes:\n {2}0 +done\n {2}1 +a bug of ours/m);
  });

  test.each(verbs)('%s --help has examples that begin with the verb', async (verb) => {
    const { exitCode, stdout, stderr } = await run(verb, '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`Usage: airgap-bundle ${verb} [options]`);
    expect(stdout).toMatch(new RegExp(`Examples:\\n  # .*\\n  \\$ airgap-bundle ${verb} `));
  });

  test.each(['plan', 'prepare', 'mirror', 'create'])(
    '%s --help has a flag and a variable for every setting',
    async (verb) => {
      const words = (await run(verb, '--help')).stdout.split(/\s+/);
      for (const setting of settings) {
        expect(words).toContain(`--${setting.name}`);
        expect(words).toContain(`[${variableOf(setting)}]`);
      }
    },
  );

  test.each(['plan', 'mirror', 'create', 'verify', 'load', 'inspect', 'keygen', 'resolve'])(
    "%s never takes a secret as a flag's value",
    async (verb) => {
      const { stdout } = await run(verb, '--help');
      expect(stdout.match(/--\S*(password|passphrase|token)\S* <(?!file>)/g)).toBeNull();
    },
  );

  test('-o is short for --out and -f for --file', async () => {
    const { stdout } = await run('create', '--help');
    expect(stdout).toContain('-o, --out <');
    expect(stdout).toContain('-f, --file <');
  });
});

describe('a mistyped command line ends with 2, says what was meant, and prints no result', () => {
  test.each([
    ['a verb', ['pln'], "unknown command 'pln'\n(Did you mean plan?)\n  next:      see --help"],
    ['a flag', ['plan', '--fil', 'x'], "unknown option '--fil'\n(Did you mean --file?)"],
    [
      'a form',
      ['plan', '--output', 'jsn'],
      "argument 'jsn' is invalid. Allowed choices are text, json, repositories.",
    ],
    ['an argument too many', ['plan', 'bundle.yaml'], "too many arguments for 'plan'"],
    ['an argument too few', ['verify'], "missing required argument 'bundle'"],
    ['a flag without its value', ['plan', '-f'], "option '-f, --file <file>' argument missing"],
    [
      'a kind of key',
      ['keygen', '--out', 'a.key', '--type', 'rsa'],
      'Allowed choices are ed25519, ecdsa-p256.',
    ],
    ['no name for the key', ['keygen'], '--out is missing'],
    ['nothing to prepare for', ['prepare'], 'what is to be prepared for is not clear'],
    [
      'two things to prepare for',
      ['prepare', 'a.tar', '-f', 'bundle.yaml'],
      'what is to be prepared for is not clear\n  given:     a.tar and -f bundle.yaml',
    ],
    ['no map', ['resolve', 'nginx'], '--mirror-map is missing'],
    ['nothing', [], 'Usage: airgap-bundle'],
  ])('%s', async (_, args, expected) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain('    at ');
  });
});

describe('--output json ends with one JSON document also when it fails', () => {
  const missing = { class: 'usage', exitCode: 2, message: 'the bundle file is not there' };

  test.each([
    ['an input', ['plan', '-f', 'none.yaml', '--output', 'json'], missing],
    ['an input, with =', ['plan', '-f', 'none.yaml', '--output=json'], missing],
    ['a verb', ['pln', '--output', 'json'], { message: expect.stringContaining("'pln'") }],
    ['a flag', ['plan', '--output', 'json', '--bogus'], { class: 'usage', exitCode: 2 }],
    ['a bundle', ['verify', 'none.tar', '--output', 'json'], { exitCode: expect.any(Number) }],
    [
      'a map',
      ['resolve', '--mirror-map', 'none', '--output', 'json', 'a'],
      { message: 'the mirror map is not there' },
    ],
  ])('%s', async (_, args, expected) => {
    const { exitCode, stdout, stderr } = await run(...args);
    const { errors } = JSON.parse(stdout) as { errors: { exitCode: number }[] };
    expect(errors).toEqual([expect.objectContaining(expected)]);
    expect(exitCode).toBe(errors[0]?.exitCode);
    expect(stderr).toContain('error: ');
  });

  test('all mistakes of a bundle file are in it', async () => {
    await writeFile(
      join(folder, 'bad.yaml'),
      'apiVersion: airgap-bundle/v1\nname: x\nversion: "1"\ncolour: red\n',
    );
    const { stdout } = await run('plan', '-f', 'bad.yaml', '--output', 'json');
    const { errors } = JSON.parse(stdout) as { errors: { message: string }[] };
    expect(errors.map(({ message }) => message)).toEqual([
      'images is missing',
      'unknown field colour',
    ]);
  });
});

describe('a run that is stopped', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends with one JSON document too', async (signal, code) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await writeFile(
      join(folder, 'slow.yaml'),
      `apiVersion: airgap-bundle/v1\nname: x\nversion: "1"\nimages: ["${host}/a:1"]\nregistries: {"${host}": {plainHttp: true}}\n${target}`,
    );
    const child = start('plan', '-f', 'slow.yaml', '--output', 'json');
    const [socket] = (await once(silent, 'connection')) as [Socket];
    child.kill(signal);
    const { exitCode, stdout, stderr } = await child;
    socket.destroy();
    silent.close();
    const message = `interrupted by ${signal}: run again to go on`;
    expect(JSON.parse(stdout)).toEqual({
      errors: [{ class: 'interrupted', exitCode: code, message }],
    });
    expect(exitCode).toBe(code);
    expect(stderr).toContain(message);
  });
});

describe('standard output', () => {
  const script = (redirection: string) =>
    execa('bash', ['-o', 'pipefail', '-c', `"$0" "$1" --help ${redirection}`, ...command], {
      reject: false,
    });

  test('that nobody reads to its end is no failure', async () => {
    expect(await script('| true')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('that is lost is one', async () => {
    const { exitCode, stderr } = await script('> /dev/full');
    expect(exitCode).toBe(10);
    expect(stderr).toBe('error: the result cannot be written\n  given:     ENOSPC');
  });
});

describe('the problems of a plan', () => {
  const problem = 'unresolved: NO (images[0])';
  beforeAll(() =>
    writeFile(
      join(folder, 'problems.yaml'),
      `apiVersion: airgap-bundle/v1\nname: x\nversion: "1"\nimages: [NO]\n${target}`,
    ),
  );

  test('are beside a list of repositories', async () => {
    const { exitCode, stdout, stderr } = await run(
      ...['plan', '-f', 'problems.yaml', '--output', 'repositories'],
    );
    expect(exitCode).toBe(2);
    expect(stdout).toBe('project\th.example/a\nrepository\th.example/a/bundles/x');
    expect(stderr).toContain(`error: ${problem}`);
    expect(stderr).toContain('warning: the map has no `default`');
  });

  test('are in the JSON document, its warnings beside it too', async () => {
    const { exitCode, stdout, stderr } = await run(
      ...['plan', '-f', 'problems.yaml', '--output', 'json'],
    );
    expect(exitCode).toBe(2);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual([
      'inventory',
      'problems',
      'coverage',
      'sizes',
    ]);
    expect(stdout).toContain('NO (images[0])');
    expect(stderr).toContain('warning: the map has no `default`');
  });

  test('are in the text, and nowhere else', async () => {
    const { stdout, stderr } = await run('plan', '-f', 'problems.yaml');
    expect(stdout).toContain(`error: ${problem}`);
    expect(stdout).toContain('warning: no-default: the map has no `default`');
    expect(stderr).toBe('resolving 1 image …');
  });
});

describe('how long to try again', () => {
  test.each([
    ['load', ['load', 'b.tar', '--retry-budget', 'soon'], 'retry-budget is no length of time'],
    ['mirror', ['mirror', '-f', 'problems.yaml', '--retry-budget', 'soon'], 'retryBudget'],
  ])('is a length of time for %s', async (_, words, says) => {
    const { exitCode, stderr } = await run(...words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr).toContain('90s, 30m or 2h');
  });
});

describe('a password in a pasted section', () => {
  test('is shown nowhere, whatever else is wrong', async () => {
    await writeFile(
      join(folder, 'secret.yaml'),
      'apiVersion: airgap-bundle/v1\nname: x\nversion: "1"\nimages: [hunter2-hunter2]\nociImageRegistry: {endpoint: hunter2-hunter2/a, name: a, baseContentPath: a, mirrorRegistries: "a::b", password: hunter2-hunter2}\n',
    );
    for (const form of ['text', 'json']) {
      const { exitCode, stdout, stderr } = await run('plan', '-f', 'secret.yaml', '--output', form);
      expect(exitCode).toBe(2);
      expect(stdout + stderr).not.toContain('hunter2');
      expect(stderr).toContain('warning: username and password in ociImageRegistry are not used');
      expect(stderr).toContain('given:     ***/a');
    }
  });
});

test('--quiet leaves warnings, their cures, and errors', async () => {
  await writeFile(
    join(folder, 'quiet.yaml'),
    'apiVersion: airgap-bundle/v1\nname: x\nversion: "1"\nimages: [NO]\nenvironment: non-airgap\nociImageRegistry: {endpoint: h.example, name: a, baseContentPath: a, mirrorRegistries: "default::", username: ci}\n',
  );
  const loud = await run('plan', '-f', 'quiet.yaml');
  const quiet = await run('plan', '-f', 'quiet.yaml', '--quiet');
  expect(loud.stderr).toContain('resolving 1 image …');
  expect(quiet.stderr).toBe(loud.stderr.replace('\nresolving 1 image …', ''));
  expect(quiet.stderr).toContain('\n  cure: delete them');
});
