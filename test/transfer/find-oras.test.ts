import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { findOras, isOlder } from '../../src/transfer/find-oras.ts';
import { toolPath } from '../helpers/tools.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterAll(() => rm(folder, { recursive: true }));

const context = (env: Record<string, string>): Context => ({
  env,
  cwd: folder,
  temporary: folder,
  now: () => new Date(),
  signal: new AbortController().signal,
  emit: () => {},
});

async function script(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

describe('oras', () => {
  test('is taken from PATH', async () => {
    const path = toolPath('oras');
    expect(await findOras(context({ PATH: `/nowhere:${dirname(path)}` }))).toBe(path);
  });

  test('is taken from AIRGAP_BUNDLE_ORAS before PATH', async () => {
    const path = toolPath('oras');
    const env = { PATH: '/usr/bin:/bin', AIRGAP_BUNDLE_ORAS: path };
    expect(await findOras(context(env))).toBe(path);
  });

  test.each([
    ['missing', 'none', undefined, /was not found/],
    ['too old', 'oras-1', '#!/bin/sh\necho "Version:    1.2.0"\n', /too old/],
    ['silent', 'oras-2', '#!/bin/sh\n', /does not tell its version/],
    ['no program', 'oras-3', 'not a program', /does not tell its version/],
  ])('that is %s ends with class tool and says how to get it', async (_, name, text, message) => {
    if (text !== undefined) await script(name, text);
    const env = { PATH: '/usr/bin:/bin', AIRGAP_BUNDLE_ORAS: name };
    await expect(findOras(context(env))).rejects.toMatchObject({
      class: 'tool',
      message: expect.stringMatching(message),
      next: expect.stringContaining('AIRGAP_BUNDLE_ORAS'),
    });
  });

  test('that is too old is named with its version', async () => {
    const path = await script('oras-1', '#!/bin/sh\necho "Version:    1.2.0"\n');
    await expect(
      findOras(context({ PATH: '/bin', AIRGAP_BUNDLE_ORAS: path })),
    ).rejects.toMatchObject({
      given: `1.2.0 (${path})`,
    });
  });

  test('that is nowhere on PATH', async () => {
    await expect(findOras(context({ PATH: '/nowhere' }))).rejects.toMatchObject({ class: 'tool' });
    await expect(findOras(context({}))).rejects.toMatchObject({ class: 'tool' });
  });

  test.each([
    ['1.3.5', true],
    ['1.3.6', false],
    ['1.3.10', false],
    ['1.10.0', false],
    ['2.0.0', false],
    ['0.16.1', true],
  ])('%s is older than 1.3.6: %s', (version, older) => {
    expect(isOlder(version, '1.3.6')).toBe(older);
  });
});
