import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  checkInstalled,
  recordInstalled,
  whileNoOtherLoads,
} from '../../src/commands/installed-state.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { testContext } from '../bundle/sample.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'airgap-state-'));
});
afterEach(() => rm(state, { recursive: true }));

const context = () => ({ ...testContext(), env: { XDG_STATE_HOME: state } });
const own = () => join(state, 'airgap-bundle');

function bundle(sequence: number, version = `${sequence}.0.0`, content = 'a') {
  const target = { endpoint: 'r.example', baseContentPath: 'm' };
  const inventory = { name: 'pcg', version, sequence, target } as Inventory;
  return { inventory, inventoryDigest: digestOf(Buffer.from(content)) };
}

const load = (loaded: ReturnType<typeof bundle>) =>
  whileNoOtherLoads(loaded, context(), (lock) => recordInstalled(loaded, [], lock, context()));

describe('of what was loaded last', () => {
  test.each([
    [
      'an older bundle',
      bundle(1),
      'the bundle is older than the one that was loaded last, 2.0.0 with sequence 2',
    ],
    [
      'another of the same version',
      bundle(2, '2.0.0', 'b'),
      'another bundle was loaded as pcg 2.0.0 before',
    ],
  ])('%s is refused, unless it is allowed', async (_, other, message) => {
    await load(bundle(2));
    await expect(checkInstalled(other, false, context())).rejects.toMatchObject({
      class: 'policy',
      message,
    });
    expect(await checkInstalled(other, true, context())).toEqual([
      `${message}; allowed by an explicit override`,
    ]);
  });

  test('a record that is none is not passed over', async () => {
    await load(bundle(1));
    const [name = ''] = (await readdir(own())).filter((file) => file.endsWith('.json'));
    await writeFile(join(own(), name), '{');
    await expect(checkInstalled(bundle(2), true, context())).rejects.toMatchObject({
      class: 'io',
      message: 'the record of what was loaded cannot be read',
      given: join(own(), name),
    });
  });
});

describe('where nothing can be remembered', () => {
  test('that is found out before anything is loaded', async () => {
    await writeFile(own(), 'a file');
    let isBegun = false;
    const loading = whileNoOtherLoads(bundle(1), context(), async () => {
      isBegun = true;
    });
    await expect(loading).rejects.toMatchObject({
      class: 'io',
      message: 'what is loaded could not be remembered',
    });
    expect(isBegun).toBe(false);
  });

  test('any more at the end, that is told', async () => {
    const loading = whileNoOtherLoads(bundle(1), context(), async (lock) => {
      const [name = ''] = await readdir(own());
      await mkdir(join(own(), name.replace(/\.lock$/, '')));
      await recordInstalled(bundle(1), [], lock, context());
    });
    await expect(loading).rejects.toMatchObject({
      class: 'io',
      message: 'the images are in the target, but what was loaded cannot be remembered',
    });
  });
});
