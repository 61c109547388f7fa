import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { expect, test } from 'vitest';
import { readChartArchive } from '../../src/install/chart-archive.ts';
import fc from '../helpers/seeded.ts';

const name = fc.oneof(
  fc.constantFrom(
    'a/Chart.yaml',
    'a/values.yaml',
    'b/Chart.yaml',
    'a',
    'a/',
    './a/x',
    '../x',
    '/etc/x',
  ),
  fc.constantFrom('a/../../x', 'a\\..\\x', 'a//x', 'a/.', 'C:/x', 'a/\u202ex', 'a/ü'),
);
const type = fc.constantFrom(
  'File',
  'File',
  'File',
  'Directory',
  'Link',
  'SymbolicLink',
  'CharacterDevice',
  'FIFO',
);
const member = fc.record({ name, type, body: fc.uint8Array({ maxLength: 600 }), linkpath: name });

function packed(
  members: { name: string; type: string; body: Uint8Array; linkpath: string }[],
): Buffer {
  const blocks = members.flatMap(({ name: path, type: kind, body, linkpath }) => {
    const size = kind === 'File' ? body.length : 0;
    const link = kind.includes('Link') ? { linkpath } : {};
    const type = kind as 'File';
    const header = new Header({ path, size, mode: 0o644, mtime: new Date(0), type, ...link });
    header.encode();
    return [
      header.block as Buffer,
      body.subarray(0, size),
      Buffer.alloc((512 - (size % 512)) % 512),
    ];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(255));

test('of any archive a chart reader gets plain files below one folder, or the reason why not', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(member, { maxLength: 4 }),
      fc.array(edit, { maxLength: 2 }),
      async (members, edits) => {
        const bytes = packed(members);
        for (const [where, byte] of edits) bytes[Math.floor(where * bytes.length)] = byte;
        try {
          const { folder, files } = await readChartArchive(gzipSync(bytes));
          taken++;
          expect(folder).toMatch(/^[^/\\]+$/);
          expect(['.', '..']).not.toContain(folder);
          for (const part of [...files.keys()].flatMap((path) => path.split('/')))
            expect(part).toMatch(/^(?!\.{1,2}$)[^\\]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      },
    ),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(10);
});

test('of any bytes too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), async (bytes, zipped) => {
      const given = zipped ? gzipSync(bytes) : Buffer.from(bytes);
      await expect(readChartArchive(given)).rejects.toBeInstanceOf(RangeError);
    }),
    { numRuns: 500 },
  );
});
