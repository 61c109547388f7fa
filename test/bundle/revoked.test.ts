import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPublicKey } from '../../src/bundle/keys.ts';
import { readRevoked } from '../../src/bundle/revoked.ts';
import { temporaryFolder } from './sample.ts';

const [one, two] = ['01'.repeat(32), '02'.repeat(32)];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await writeFile(join(folder.path, 'old.pub'), pem);
  await writeFile(join(folder.path, 'ids'), `# lost\n${one}\r\n\nSHA256:${two}  # stolen\n`);
  await writeFile(join(folder.path, 'mistyped'), `${one}\n${two.slice(1)}\n`);
  await writeFile(join(folder.path, 'empty'), '# none yet\n');
});
afterAll(() => folder.remove());

describe('what is revoked is named', () => {
  test.each([
    ['by its id', [one], [one]],
    ['by its id as install.sh prints it', [`SHA256:${one}`], [one]],
    ['by a file of ids', ['ids'], [one, two]],
    ['several times', [two, 'ids'], [two, one, two]],
    ['not at all', [], []],
  ])('%s', async (_, words, ids) => {
    expect(await readRevoked(words, folder.path)).toEqual(ids);
  });

  test('by the public key itself', async () => {
    const { keyId } = await loadPublicKey(join(folder.path, 'old.pub'));
    expect(await readRevoked(['old.pub'], folder.path)).toEqual([keyId]);
  });
});

test.each(['mistyped', 'empty', 'gone', '.', one.toUpperCase().replace('0', 'A'), one.slice(2)])(
  '%s would revoke nothing, and is refused',
  async (word) => {
    await expect(readRevoked([word], folder.path)).rejects.toMatchObject({ class: 'usage' });
  },
);
