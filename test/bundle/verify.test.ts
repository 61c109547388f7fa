import { execFile } from 'node:child_process';
import { mkdir, open, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeHeader } from '../../src/bundle/archive.ts';
import { type KeyType, loadPublicKey, type PublicKey } from '../../src/bundle/keys.ts';
import { loadSigner, type Signer } from '../../src/bundle/sign.ts';
import { openVerified, readUnverified, type Trust } from '../../src/bundle/verify.ts';
import { runKeygen } from '../../src/commands/keygen.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { sample, temporaryFolder, testContext, trust, write } from './sample.ts';

const run = promisify(execFile);
const blobs = [Buffer.from('manifest'), Buffer.alloc(600, 'layer'), Buffer.alloc(512, 'x')];
const [manifest] = blobs as [Buffer];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pair: { key: PublicKey; signer: Signer };
let other: { key: PublicKey; signer: Signer };
const at = (name: string) => join(folder.path, name);

async function makePair(name: string, type: KeyType) {
  const made = await runKeygen({ out: at(`${name}.key`), type }, testContext());
  return { key: await loadPublicKey(made.publicKey), signer: await loadSigner(made.privateKey) };
}

beforeAll(async () => {
  folder = await temporaryFolder();
  pair = await makePair('one', 'ed25519');
  other = await makePair('other', 'ecdsa-p256');
});
afterAll(() => folder.remove());

async function verify(path: string, change: Partial<Trust> = { keys: [pair.key] }) {
  const bundle = await openVerified(path, trust(change), testContext());
  await bundle.close();
  return bundle;
}

async function refusal(path: string, change?: Partial<Trust>) {
  return verify(path, change).then(
    () => ({ class: 'accepted', message: '', given: '', expected: '' }),
    (error) => error,
  );
}

async function signed(name: string, change: Partial<Inventory> = {}, sign: Signer = pair.signer) {
  const parts = sample(blobs, change);
  await write(parts, at(name), { sign });
  return { path: at(name), parts, bytes: await readFile(at(name)) };
}

describe.each(['ed25519', 'ecdsa-p256'] as KeyType[])('a bundle signed with %s', (type) => {
  test('comes back whole, on every second reading too', async () => {
    const { key, signer } = await makePair(`round-${type}`, type);
    const { path, parts } = await signed(`round-${type}.tar`, {}, signer);
    const bundle = await openVerified(path, trust({ keys: [other.key, key] }), testContext());
    expect(bundle.inventory).toEqual(parts.inventory);
    expect(bundle.keyId).toBe(key.keyId);
    expect(bundle.warnings).toEqual([]);
    expect(digestOf(await bundle.read('bundle.json'))).toBe(bundle.inventoryDigest);
    for (const [name, bytes] of parts.files) expect(await bundle.read(name)).toEqual(bytes);
    for (const [digest, bytes] of parts.blobs) {
      expect(await bundle.readBlob(digest)).toEqual(bytes);
    }
    await bundle.close();
  });
});

describe('a bundle of many megabytes', () => {
  const sizes = [
    1,
    511,
    512,
    2 ** 20 - 512,
    2 ** 20 - 1,
    2 ** 20,
    2 ** 20 + 513,
    9 * 2 ** 20 + 7,
    3,
  ];
  const parts = sample(sizes.map((size, index) => Buffer.alloc(size, `${index} layer`)));
  let bytes: Buffer;
  let path: string;
  beforeAll(async () => {
    path = at('large.tar');
    await write(parts, path, { sign: pair.signer });
    bytes = await readFile(path);
  });

  test('comes back whole, and tells how far it is', async () => {
    const context = testContext();
    const bundle = await openVerified(path, trust({ keys: [pair.key] }), context);
    for (const [digest, blob] of parts.blobs) {
      expect((await bundle.readBlob(digest)).equals(blob)).toBe(true);
    }
    await bundle.close();
    const events = context.events as { done: number; total: number }[];
    expect(events.length).toBeGreaterThan(2);
    expect(events.at(-1)?.done).toBe(events.at(-1)?.total);
  });

  test('is refused for a change on either side of each border', async () => {
    const file = await open(path, 'r+');
    const ends = [...parts.blobs.values()].map((blob) => bytes.indexOf(blob) + blob.length);
    const borders = [...ends, ...Array.from({ length: 12 }, (_, i) => (i + 1) * 2 ** 20)];
    for (const offset of borders.flatMap((border) => [border - 1, border])) {
      const byte = bytes[offset] ?? 0;
      await file.write(Buffer.of(byte ^ 0x80), 0, 1, offset);
      expect([offset, (await refusal(path)).class]).toEqual([offset, 'integrity']);
      await file.write(Buffer.of(byte), 0, 1, offset);
    }
    await file.close();
    await verify(path);
  });

  test('is left when the run is stopped', async () => {
    const context = testContext();
    context.abort();
    const opening = openVerified(path, trust({ keys: [pair.key] }), context);
    await expect(opening).rejects.toThrow('stopped by hand');
  });
});

describe('whose signature counts', () => {
  let path: string;
  let unsigned: string;
  beforeAll(async () => {
    path = (await signed('trust.tar')).path;
    unsigned = at('unsigned.tar');
    await write(sample(blobs), unsigned);
  });

  const rows: [string, () => string, () => Partial<Trust>, string][] = [
    ['the key in the keyring', () => path, () => ({ keys: [other.key, pair.key] }), 'accepted'],
    ['another key alone', () => path, () => ({ keys: [other.key] }), 'signature'],
    [
      'another key, unsigned allowed',
      () => path,
      () => ({ keys: [other.key], allowUnsigned: true }),
      'signature',
    ],
    [
      'a revoked key',
      () => path,
      () => ({ keys: [pair.key], revoked: [pair.key.keyId] }),
      'signature',
    ],
    [
      'a revoked key, unsigned allowed',
      () => path,
      () => ({ keys: [pair.key], revoked: [pair.key.keyId], allowUnsigned: true }),
      'signature',
    ],
    [
      'a key beside a revoked one',
      () => path,
      () => ({ keys: [pair.key], revoked: [other.key.keyId] }),
      'accepted',
    ],
    ['no key', () => path, () => ({}), 'usage'],
    ['no key, unsigned allowed', () => path, () => ({ allowUnsigned: true }), 'accepted'],
    ['none at all', () => unsigned, () => ({ keys: [pair.key] }), 'signature'],
    [
      'none at all, unsigned allowed',
      () => unsigned,
      () => ({ keys: [pair.key], allowUnsigned: true }),
      'accepted',
    ],
  ];
  test.each(rows)('%s', async (_, file, change, outcome) => {
    expect((await refusal(file(), change())).class).toBe(outcome);
  });

  test('every override leaves a warning', async () => {
    expect((await verify(unsigned, { allowUnsigned: true })).warnings).toHaveLength(1);
    expect((await verify(path, { allowUnsigned: true })).warnings).toHaveLength(1);
    expect((await verify(unsigned, { allowUnsigned: true })).keyId).toBeUndefined();
  });

  test('the right kind of key over other bytes does not', async () => {
    const { bytes } = await signed('replayed.tar', { sequence: 8 });
    const { bytes: older } = await signed('older.tar', { sequence: 7 });
    const sig = older.indexOf('bundle.sig');
    older.copy(bytes, sig, sig, sig + 1024);
    await writeFile(at('replayed.tar'), bytes);
    expect(await refusal(at('replayed.tar'))).toMatchObject({ class: 'signature' });
  });
});

describe('the dates', () => {
  const dates = { createdAt: '2026-11-22T16:00:00Z', expiresAt: '2026-12-01T00:00:00Z' };
  test.each([
    ['when made', '2026-11-22T16:00:00Z', 'accepted'],
    ['a clock some hours behind', '2026-11-22T00:00:00Z', 'accepted'],
    ['a clock more than a day behind', '2026-11-21T15:59:59Z', 'policy'],
    ['a clock ten years behind', '2016-11-22T00:00:00Z', 'policy'],
    ['the last moment', '2026-11-30T23:59:59Z', 'accepted'],
    ['expired', '2026-12-01T00:00:00Z', 'policy'],
  ])('%s', async (_, now, outcome) => {
    const { path } = await signed('dates.tar', dates);
    const change = { keys: [pair.key], now: new Date(now) };
    const { class: errorClass, given, expected } = await refusal(path, change);
    expect(errorClass).toBe(outcome);
    if (outcome === 'accepted') return;
    expect(given).toContain(new Date(now).toISOString());
    expect(`${given} ${expected}`).toMatch(/2026-11-22T16:00:00Z|2026-12-01T00:00:00Z/);
    expect((await verify(path, { ...change, allowExpired: true })).warnings).toHaveLength(1);
  });
});

describe('a damaged bundle is refused', () => {
  let bytes: Buffer;
  let path: string;
  beforeEach(async () => {
    ({ bytes, path } = await signed('damaged.tar'));
  });

  test('for a change of any single byte of it, wherever it is', async () => {
    const accepted: number[] = [];
    const classes = new Map<string, number>();
    const copies = Array.from({ length: 8 }, (_, index) => index);
    const tryOffsets = async (copy: number) => {
      const name = at(`copy-${copy}.tar`);
      await writeFile(name, bytes);
      const file = await open(name, 'r+');
      for (let offset = copy; offset < bytes.length; offset += copies.length) {
        const byte = bytes[offset] ?? 0;
        await file.write(Buffer.of(byte ^ (1 << ((offset >> 3) % 8))), 0, 1, offset);
        const outcome = (await refusal(name)).class;
        if (outcome === 'accepted') accepted.push(offset);
        classes.set(outcome, (classes.get(outcome) ?? 0) + 1);
        await file.write(Buffer.of(byte), 0, 1, offset);
      }
      await file.close();
      await verify(name);
    };
    await Promise.all(copies.map(tryOffsets));
    expect(accepted).toEqual([]);
    const json = Number.parseInt(bytes.toString('latin1', 124, 135), 8);
    // Only bodies of bundle.json and bundle.sig (89 bytes) are a matter of the signature.
    expect(Object.fromEntries(classes)).toEqual({
      signature: json + 89,
      integrity: bytes.length - json - 89,
    });
  });

  test('naming the entry, the offset, what is there and what should be', async () => {
    const offset = bytes.indexOf('manifest', bytes.indexOf(digestOf(manifest).slice(7), 5000));
    bytes[offset] = 0;
    await writeFile(path, bytes);
    const found = digestOf(bytes.subarray(offset, offset + manifest.length));
    expect(await refusal(path)).toMatchObject({
      class: 'integrity',
      message: expect.stringMatching(`blobs/sha256/${digestOf(manifest).slice(7)}, byte ${offset}`),
      given: expect.stringContaining(found),
      expected: digestOf(manifest),
    });
  });

  test('when it is cut anywhere', async () => {
    const cuts = [
      0,
      1,
      511,
      512,
      513,
      1024,
      4000,
      ...Array.from({ length: 64 }, (_, i) => i * 512),
    ];
    for (const cut of cuts.filter((cut) => cut < bytes.length)) {
      await writeFile(path, bytes);
      await truncate(path, bytes.length - 1 - cut);
      const { class: errorClass, given, expected } = await refusal(path);
      expect([cut, errorClass]).toEqual([cut, 'integrity']);
      expect(given).toContain(`${bytes.length - 1 - cut} bytes`);
      expect(expected).toMatch(/\d+ bytes/);
    }
  });

  test.each([
    ['a byte', (whole: Buffer) => [whole, Buffer.alloc(1)]],
    ['a zero block', (whole: Buffer) => [whole, Buffer.alloc(512)]],
    ['another archive', (whole: Buffer) => [whole, whole]],
  ])('with %s behind its end', async (_, parts) => {
    await writeFile(path, Buffer.concat(parts(bytes)));
    expect(await refusal(path)).toMatchObject({
      class: 'integrity',
      given: expect.stringContaining(`${Buffer.concat(parts(bytes)).length} bytes`),
      expected: `${bytes.length} bytes`,
    });
  });

  const entry = (name: string, body = '') =>
    Buffer.concat([
      encodeHeader(
        { path: name, size: body.length, mode: 0o644 },
        new Date('2026-11-22T16:00:00Z'),
      ),
      Buffer.from(body),
      Buffer.alloc((512 - (body.length % 512)) % 512),
    ]);
  const startOf = (name: string) => {
    for (let at = 0; ; at += 512) {
      const header = bytes.toString('latin1', at, at + 100).replace(/\0+$/, '');
      if (header === name && bytes.toString('latin1', at + 257, at + 262) === 'ustar') return at;
    }
  };
  test.each([
    [
      'an entry too many',
      () => [bytes.subarray(0, -1024), entry('extra', 'x'), Buffer.alloc(1024)],
    ],
    [
      'an entry twice',
      () => {
        const start = startOf('install.sh');
        return [
          bytes.subarray(0, start),
          bytes.subarray(start, start + 1024),
          bytes.subarray(start),
        ];
      },
    ],
    [
      'an entry under ./ too',
      () => [bytes.subarray(0, -1024), entry('./install.sh', 'evil'), Buffer.alloc(1024)],
    ],
    [
      'an entry left out',
      () => {
        const start = startOf('install.sh');
        return [bytes.subarray(0, start), bytes.subarray(start + 1024)];
      },
    ],
    [
      'an entry renamed',
      () => {
        const start = startOf('install.sh');
        const renamed = entry('install.SH', '#!/bin/sh\n');
        return [bytes.subarray(0, start), renamed, bytes.subarray(start + 1024)];
      },
    ],
    [
      'two entries that changed places',
      () => {
        const [one, two] = [startOf('oci-layout'), startOf('index.json')];
        const [first, second] = [bytes.subarray(one, two), bytes.subarray(two, two + 1024)];
        return [bytes.subarray(0, one), second, first, bytes.subarray(two + 1024)];
      },
    ],
  ])('with %s', async (_, parts) => {
    await writeFile(path, Buffer.concat(parts()));
    expect(await refusal(path)).toMatchObject({ class: 'integrity' });
  });

  test('with bytes of another signed bundle in it', async () => {
    const { bytes: second } = await signed('second.tar', { sequence: 8 });
    const start = startOf('oci-layout');
    expect(second).toHaveLength(bytes.length);
    await writeFile(path, Buffer.concat([second.subarray(0, start), bytes.subarray(start)]));
    // Bodies and headers are alike here, so this one *is* the second bundle.
    await verify(path);
    const later = await signed('later.tar', { createdAt: '2026-11-22T16:00:01Z' });
    await writeFile(path, Buffer.concat([later.bytes.subarray(0, start), bytes.subarray(start)]));
    expect(await refusal(path)).toMatchObject({ class: 'integrity' });
  });

  test('as unsigned when the signature was taken out', async () => {
    const start = startOf('bundle.sig');
    const parts = [bytes.subarray(0, start), bytes.subarray(start + 1024)];
    await writeFile(path, Buffer.concat(parts));
    expect(await refusal(path)).toMatchObject({ class: 'signature' });
    expect((await verify(path, { allowUnsigned: true })).warnings).toHaveLength(1);
  });

  test('when it was packed again by tar', async () => {
    await mkdir(at('again'), { recursive: true });
    await run('tar', ['--extract', '--file', path], { cwd: at('again') });
    const { stdout } = await run('tar', ['--list', '--file', path]);
    const names = stdout.trim().split('\n');
    await run('tar', ['--create', '--format=ustar', '--file', path, ...names], {
      cwd: at('again'),
    });
    expect(await refusal(path)).toMatchObject({ class: 'integrity' });
  });

  test('unparsed, when the signature is not of it', async () => {
    const start = bytes.indexOf('"schemaVersion"');
    bytes.write('not JSON at all', start);
    await writeFile(path, bytes);
    expect(await refusal(path)).toMatchObject({ class: 'signature' });
  });
});

describe('what is no bundle', () => {
  test.each([
    ['nothing', async () => at('nowhere.tar'), 'usage'],
    ['a file as folder', async () => join(await text('f', 'x'), 'bundle.tar'), 'usage'],
    ['a folder', async () => folder.path, 'usage'],
    ['an empty file', () => text('empty', ''), 'integrity'],
    ['a short text', () => text('short', 'hello'), 'integrity'],
    ['a long text', () => text('long', 'hello '.repeat(1000)), 'integrity'],
    ['zeros', () => text('zeros', '\0'.repeat(10_240)), 'integrity'],
    ['another tar', () => tar('other.tar', 'some.txt'), 'integrity'],
    ['a tar with a bundle.json', () => tar('alike.tar', 'bundle.json'), 'signature'],
  ])('%s is refused as such', async (_, make, errorClass) => {
    const path = await make();
    expect(await refusal(path)).toMatchObject({ class: errorClass, exitCode: expect.any(Number) });
  });

  test('a pipe is refused without waiting for it', async () => {
    await run('mkfifo', [at('pipe')]);
    expect(await refusal(at('pipe'))).toMatchObject({ class: 'usage' });
  });

  test('an inventory that claims gigabytes is not read', async () => {
    const header = encodeHeader({ path: 'bundle.json', size: 2 ** 32, mode: 0o644 }, new Date(0));
    await writeFile(at('huge.tar'), header);
    await truncate(at('huge.tar'), 2 ** 33);
    expect(await refusal(at('huge.tar'))).toMatchObject({ class: 'integrity' });
  });

  async function text(name: string, content: string) {
    await writeFile(at(name), content);
    return at(name);
  }
  async function tar(name: string, member: string) {
    await writeFile(at(member), '{}');
    await writeFile(at('more'), 'x');
    await run('tar', ['--create', '--file', at(name), member, 'more'], { cwd: folder.path });
    return at(name);
  }
});

describe('between verification and use', () => {
  test('another file at the path changes nothing', async () => {
    const { path, parts } = await signed('swapped.tar');
    const bundle = await openVerified(path, trust({ keys: [pair.key] }), testContext());
    await writeFile(at('evil'), 'evil');
    await rename(at('evil'), path);
    expect(await bundle.read('install.sh')).toEqual(parts.files.get('install.sh'));
    await bundle.close();
  });

  test('bytes that were changed in place are never handed out whole', async () => {
    const { path, bytes } = await signed('changed.tar');
    const bundle = await openVerified(path, trust({ keys: [pair.key] }), testContext());
    const changed = Buffer.from(bytes.map((byte, at) => (at > 4096 ? byte ^ 1 : byte)));
    await writeFile(path, changed);
    await expect(bundle.read('install.sh')).rejects.toMatchObject({ class: 'integrity' });
    await expect(bundle.readBlob(digestOf(manifest))).rejects.toMatchObject({ class: 'integrity' });
    await truncate(path, 4096);
    await expect(bundle.read('install.sh')).rejects.toMatchObject({ class: 'integrity' });
    await bundle.close();
  });

  test('an entry that is not there is not made up', async () => {
    const { path } = await signed('missing.tar');
    const bundle = await openVerified(path, trust({ keys: [pair.key] }), testContext());
    await expect(bundle.read('../etc/passwd')).rejects.toThrow(RangeError);
    await expect(bundle.readBlob(digestOf(Buffer.from('absent')))).rejects.toThrow(RangeError);
    await bundle.close();
  });
});

describe('inspection without verification', () => {
  test('shows the inventory and whose signature is on it', async () => {
    const { path, parts } = await signed('inspected.tar');
    expect(await readUnverified(path)).toMatchObject({
      verified: false,
      inventory: parts.inventory,
      signed: true,
    });
    expect((await readUnverified(path)).keyId).toBeUndefined();
    expect((await readUnverified(path, [other.key, pair.key])).keyId).toBe(pair.key.keyId);
    expect((await readUnverified(path, [other.key])).keyId).toBeNull();
  });

  test('says when there is no signature', async () => {
    await write(sample(blobs), at('bare.tar'));
    expect((await readUnverified(at('bare.tar'), [pair.key])).signed).toBe(false);
  });
});
