import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noPush, type PushOptions, runCredentials } from '../../src/commands/push-credential.ts';
import type { Event } from '../../src/report/events.ts';
import { context } from '../registry/context.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  await writeFile(join(folder, 'password'), ' geheim \n');
  const auth = Buffer.from('docker:config').toString('base64');
  const auths = { 'h.example': { auth }, 'source.example': { auth } };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }));
});
afterAll(() => rm(folder, { recursive: true }));

/** The credentials of a run that pushes to h.example. */
function credentials(push: Partial<PushOptions>, variable = '', emit = (_: Event) => {}) {
  const env = { DOCKER_CONFIG: folder, AIRGAP_BUNDLE_PUSH_PASSWORD: variable };
  return runCredentials('h.example', { ...noPush, ...push }, context({ cwd: folder, env, emit }));
}

const docker = { username: 'docker', password: 'config' };

describe('the credential for the target', () => {
  test.each<[string, Partial<PushOptions>, string, object]>([
    ["is the docker config's", {}, '', docker],
    ["is the docker config's when the variable alone is set", {}, 'variable', docker],
    [
      'has its password from a file, without its line break alone',
      { username: 'ops', passwordFile: 'password' },
      'variable',
      { username: 'ops', password: ' geheim ' },
    ],
    [
      'has its password from the variable',
      { username: 'ops' },
      'variable',
      { username: 'ops', password: 'variable' },
    ],
  ])('%s', async (_, push, variable, expected) => {
    const credential = await credentials(push, variable);
    expect(await credential('h.example')).toEqual(expected);
    expect(await credential('source.example')).toEqual(docker);
    expect(await credential('elsewhere.example')).toBeUndefined();
  });

  test.each<[string, Partial<PushOptions>, string]>([
    ['a file without a user', { passwordFile: 'password' }, 'is given, but no user name'],
    ['a user without a password', { username: 'ops' }, 'the push password is missing'],
    ['a file that is not there', { username: 'ops', passwordFile: 'no' }, 'file is not there'],
  ])('is refused: %s', async (_, push, message) => {
    const refused = { class: 'usage', message: expect.stringContaining(message) };
    await expect(credentials(push)).rejects.toMatchObject(refused);
  });

  test('is named as a secret, also as the header has it', async () => {
    const secrets: string[] = [];
    const credential = await credentials({ username: 'ops' }, 'variable', (event) => {
      if (event.kind === 'secret') secrets.push(event.value);
    });
    await credential('h.example');
    expect(secrets).toEqual(['variable', Buffer.from('ops:variable').toString('base64')]);
  });
});
