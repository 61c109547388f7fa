import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandTree } from '../../scripts/docs/program.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

let folder: string;
/** A working folder with something to complete. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  await mkdir(join(folder, 'out dir'));
  for (const name of ['bundle.tar', 'map.conf']) await writeFile(join(folder, name), '');
  for (const shell of shells) await writeFile(join(folder, `script.${shell}`), await script(shell));
});
afterAll(() => rm(folder, { recursive: true }));

/** What `completion SHELL` prints. */
async function script(shell: string): Promise<string> {
  let printed = '';
  const program = commandTree((text) => {
    printed += text;
  });
  await program.parseAsync(['completion', shell], { from: 'user' });
  return printed;
}

let asked = 0;

/** What a real shell offers for the last of these words, without the words that it shows beside. */
async function offers(shell: Shell, ...words: string[]): Promise<string[]> {
  const [path, harness] = [join(folder, `script.${shell}`), resolve('test/cli/completion')];
  const options = { cwd: folder, env: { HOME: folder } };
  const line = `airgap-bundle ${words.join(' ')}`;
  const file = join(folder, `offered-${asked++}`);
  if (shell === 'bash') {
    const { stdout } = await execa(
      'bash',
      ['--norc', join(harness, 'bash.sh'), path, ...words],
      options,
    );
    return sorted(stdout);
  }
  if (shell === 'fish') {
    const { stdout } = await execa(
      'fish',
      ['--no-config', join(harness, 'fish.fish'), path, line],
      options,
    );
    return sorted(stdout.replaceAll(/\t.*/g, ''));
  }
  await execa('zsh', ['-f', join(harness, 'zsh.zsh'), path, line, file], {
    ...options,
    timeout: 60_000,
  });
  return sorted(await readFile(file, 'utf8'));
}

/** Neither slashes after folders nor `=` after flags, which shells add or leave to later. */
function sorted(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/[/=]$/, '').replaceAll('\\ ', ' '));
  return [...new Set(lines.filter((line) => line !== ''))].sort();
}

describe.each(shells)('%s completes', (shell) => {
  const verbs = commandTree().commands.map((verb) => verb.name());

  test('verbs', async () => {
    expect(await offers(shell, 'p')).toEqual(['plan', 'prepare']);
    expect(await offers(shell, '')).toEqual(expect.arrayContaining([...verbs, 'help']));
  });

  test.each([
    ['flags of the verb', ['keygen', '--o'], ['--out', '--output']],
    ['flags after others', ['create', '--plan', 'x', '--sp'], ['--split-size']],
    ['flags after an argument', ['verify', 'bundle.tar', '--allow-u'], ['--allow-unsigned']],
    ['choices', ['plan', '--output', ''], ['json', 'repositories', 'text']],
    ['choices of a verb', ['completion', ''], ['bash', 'fish', 'zsh']],
    ['choices of a setting', ['create', '--environment', 'n'], ['non-airgap']],
    ['choices of a flag that repeats', ['doctor', '--only', 'n'], ['nodes']],
    ['files after a flag', ['resolve', '--mirror-map', 'm'], ['map.conf']],
    ['files for a bundle', ['load', 'bu'], ['bundle.tar']],
    ['folders', ['create', '-o', 'o'], ['out dir']],
    ['verbs for help', ['help', 'ins'], ['inspect']],
  ])('%s', async (_, words, expected) => {
    expect(await offers(shell, ...words)).toEqual(expected);
  });

  test('no file where a folder is meant, and nothing for a free value', async () => {
    expect(await offers(shell, 'create', '-o', 'bu')).toEqual([]);
    expect(await offers(shell, 'create', '--name', 'bu')).toEqual([]);
  });
});

test('bash completes the value after =, which it takes for words of their own', async () => {
  expect(await offers('bash', 'plan', '--output', '=', 'js')).toEqual(['json']);
  expect(await offers('bash', 'plan', '--output', '=')).toEqual(['json', 'repositories', 'text']);
});

test.each(['zsh', 'fish'] as const)('%s completes the value after =', async (shell) => {
  const found = await offers(shell, 'plan', '--output=js');
  expect(found.map((word) => word.replace('--output=', ''))).toEqual(['json']);
});

test('another shell is refused with those that are', async () => {
  await expect(script('tcsh')).rejects.toThrow('Allowed choices are bash, zsh, fish.');
});

test('shellcheck has nothing against the script for bash', async () => {
  await execa('shellcheck', ['-s', 'bash', join(folder, 'script.bash')]);
});
