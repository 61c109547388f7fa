import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { encodeHeader, layOut } from '../../src/bundle/archive.ts';
import { sha256Sums } from '../../src/bundle/sums.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { sample } from './sample.ts';

const mtime = new Date('2026-11-22T16:00:00Z');
const { inventory } = sample([Buffer.alloc(1), Buffer.alloc(512), Buffer.alloc(513)]);

describe('the archive', () => {
  test('has every entry in order and without gaps', () => {
    const archive = layOut(inventory, {
      inventory: Buffer.alloc(600),
      signature: Buffer.alloc(89),
    });
    expect(archive.entries.map(({ path }) => path)).toEqual([
      'bundle.json',
      'bundle.sig',
      ...inventory.files.map(({ path }) => path),
      ...inventory.blobs.map(({ digest }) => digest.replace('sha256:', 'blobs/sha256/')),
    ]);
    expect(archive.entries.map(({ start }) => start)).toEqual([
      0,
      ...archive.entries.map(({ end }) => end).slice(0, -1),
    ]);
    expect(archive.entries.slice(0, 2).map(({ end }) => end)).toEqual([512 + 1024, 1536 + 1024]);
    expect(archive.entries.slice(-3).map(({ start, end }) => end - start)).toEqual([
      1024, 1024, 1536,
    ]);
    expect(archive.size).toBe((archive.entries.at(-1)?.end ?? 0) + 1024);
  });

  test('has no bundle.sig when it is unsigned', () => {
    const [, second] = layOut(inventory, { inventory: Buffer.alloc(1) }).entries;
    expect(second?.path).toBe('oci-layout');
  });

  test('keeps exact offsets far beyond 2^33 bytes', () => {
    const sizes = [2 ** 31 + 1, 2 ** 33 + 1, 2 ** 40 - 1, 1];
    const blobs = sizes.map((size) => ({ digest: digestOf(Buffer.from(`${size}`)), size }));
    const archive = layOut({ ...inventory, files: [], blobs }, { inventory: Buffer.alloc(1) });
    const starts = archive.entries.slice(1).map(({ start }) => BigInt(start));
    let expected = 1024n;
    for (const [index, size] of sizes.entries()) {
      expect(starts[index]).toBe(expected);
      expected += 512n + ((BigInt(size) + 511n) / 512n) * 512n;
    }
    expect(BigInt(archive.size)).toBe(expected + 1024n);
  });

  test('takes no blob by sha512', () => {
    const digest = digestOf(Buffer.from('x'), 'sha512');
    const other = { ...inventory, blobs: [{ digest, size: 1 }] };
    expect(() => layOut(other, { inventory: Buffer.alloc(1) })).toThrow(
      expect.objectContaining({ class: 'usage', given: digest }),
    );
  });
});

describe('a header', () => {
  const list = (header: Buffer) =>
    execFileSync(
      'tar',
      ['--list', '--verbose', '--numeric-owner', '--utc', '--full-time', '--file', '-'],
      {
        input: header,
        stdio: ['pipe', 'pipe', 'ignore'],
        env: { PATH: process.env.PATH, LC_ALL: 'C' },
      },
    )
      .toString()
      .trim()
      .split(/\s+/);

  test.each([
    [0, 0o644, '-rw-r--r--'],
    [1, 0o755, '-rwxr-xr-x'],
    [2 ** 33 - 1, 0o644, '-rw-r--r--'],
    [2 ** 33, 0o644, '-rw-r--r--'],
    [2 ** 53 - 1, 0o644, '-rw-r--r--'],
  ])('of %i bytes and mode %o is read by tar', (size, mode, shown) => {
    // tar stops at the missing body of a listing only after it has printed the entry's line.
    const header = encodeHeader({ path: 'a/b', size, mode }, mtime);
    const end = size === 0 ? Buffer.alloc(1024) : Buffer.alloc(0);
    const line = (() => {
      try {
        return list(Buffer.concat([header, end]));
      } catch (error) {
        return String((error as { stdout: Buffer }).stdout)
          .trim()
          .split(/\s+/);
      }
    })();
    expect(line).toEqual([shown, '0/0', `${size}`, '2026-11-22', '16:00:00', 'a/b']);
  });

  test('is ustar with octal sizes up to 8 GiB, and base-256 only above', () => {
    const at = (size: number) => encodeHeader({ path: 'x', size, mode: 0o644 }, mtime);
    expect(at(2 ** 33 - 1).toString('latin1', 124, 136)).toBe('77777777777\0');
    expect(at(2 ** 33).toString('hex', 124, 136)).toBe('800000000000000200000000');
    expect(at(5).toString('latin1', 257, 265)).toBe('ustar\x0000');
  });

  test('depends on nothing but its entry', () => {
    const header = encodeHeader({ path: 'x', size: 5, mode: 0o644 }, mtime);
    expect(encodeHeader({ path: 'x', size: 5, mode: 0o644 }, mtime)).toEqual(header);
    expect(header.toString('latin1', 265, 345)).toBe(`${'\0'.repeat(64)}000000 \x00000000 \0`);
  });
});

test('SHA256SUMS is as sha256sum reads it', () => {
  const files = ['oci-layout', 'install.sh'].map((path, index) => ({
    path,
    sha256: `${index}`.repeat(64),
  }));
  expect(sha256Sums(files).toString()).toBe(
    `${'0'.repeat(64)}  oci-layout\n${'1'.repeat(64)}  install.sh\n`,
  );
});
