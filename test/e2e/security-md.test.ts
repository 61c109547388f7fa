import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toolPath } from '../helpers/tools.ts';
import { type KeyType, keyPair, makeBundle } from '../install/make-bundle.ts';

const document = await readFile(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
const blocks = [...document.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
const [take = '', ed25519 = '', ecdsa = '', cosign = '', contents = '', keyId = ''] = blocks;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An empty folder with `B.tar` and `bundle.pub`, as the document wants it. */
async function workFolder(type: KeyType, change: (bytes: Buffer) => Buffer = (bytes) => bytes) {
  const own = await mkdtemp(join(folder, 'made-'));
  const { path } = await makeBundle({ folder: own, endpoint: 'registry.example.org', key: type });
  const work = await mkdtemp(join(folder, 'work-'));
  await writeFile(join(work, 'B.tar'), change(await readFile(path)));
  await copyFile(keyPair(own, type).pub, join(work, 'bundle.pub'));
  return work;
}

function sh(cwd: string, ...texts: string[]) {
  const PATH = [dirname(toolPath('cosign')), process.env.PATH].join(delimiter);
  const options = { cwd, env: { ...process.env, PATH, HOME: cwd }, encoding: 'utf8' } as const;
  return spawnSync('sh', ['-e', '-c', texts.join('\n')], options);
}

test('the document has six blocks of commands', () => {
  expect(blocks).toHaveLength(6);
});

describe.each<[KeyType, string]>([
  ['ed25519', ed25519],
  ['ecdsa-p256', ecdsa],
])('a bundle signed with %s', (type, openssl) => {
  test('passes every command', async () => {
    const work = await workFolder(type);
    const all = sh(work, take, openssl, cosign, contents, keyId);
    expect(all.stderr).toContain('Verified OK');
    expect(all.status, all.stderr).toBe(0);
    const der = execFileSync(
      'openssl',
      ['pkey', '-pubin', '-in', 'bundle.pub', '-outform', 'DER'],
      { cwd: work },
    );
    expect(all.stdout).toContain(createHash('sha256').update(der).digest('hex'));
  });

  test.each([
    ['openssl', openssl],
    ['cosign', cosign],
  ])('does not pass %s when its inventory was changed', async (_, command) => {
    const work = await workFolder(type, (bytes) => flipped(bytes, 700));
    expect(sh(work, take, command).status).not.toBe(0);
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['a file was changed', (bytes) => flipped(bytes, bytes.indexOf('install.sh\0') + 600)],
    ['a blob was changed', (bytes) => flipped(bytes, bytes.lastIndexOf('blobs/sha256/') + 512)],
    ['an entry was put in', (bytes) => withEntry(bytes)],
    ['an entry is there twice', (bytes) => twice(bytes)],
  ])('does not pass the last when %s', async (_, change) => {
    const work = await workFolder(type, change);
    expect(sh(work, take, openssl).status).toBe(0);
    expect(sh(work, contents).status).not.toBe(0);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** The header of an empty file, which tar takes for a folder's or a file's. */
function withEntry(bytes: Buffer): Buffer {
  const at = bytes.indexOf('oci-layout\0');
  const header = Buffer.from(bytes.subarray(at, at + 512));
  header.fill(0, 0, 100).write('another', 0);
  header.fill(0, 124, 136).write('00000000000', 124);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([bytes.subarray(0, at), header, bytes.subarray(at)]);
}

function twice(bytes: Buffer): Buffer {
  const at = bytes.indexOf('oci-layout\0');
  const end = bytes.indexOf('index.json\0');
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
}
