import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import { readBlob } from '../../src/registry/read-blob.ts';

const small = Buffer.from('{"architecture":"amd64"}');
const chunk = Buffer.alloc(1024);
const config = (size: number) => ({ mediaType: 'any/config', digest: digestOf(small), size });

/** A source that has nothing but these chunks, and how many of them were taken. */
function sourceOf(chunks: () => Iterable<Buffer>) {
  const seen = { chunks: 0, requests: 0 };
  const counted = function* () {
    for (const one of chunks()) {
      seen.chunks++;
      yield one;
    }
  };
  const getBlob = async () => {
    seen.requests++;
    return { status: 200, body: Readable.from(counted(), { highWaterMark: 1 }) };
  };
  return { seen, client: { host: 'source.example', getBlob } as unknown as RegistryClient };
}

test('of a source that sends more than its manifest says, one chunk more is read, and that twice', async () => {
  const { client, seen } = sourceOf(() => Array.from({ length: 1_000 }, () => chunk));
  const read = readBlob(client, 'a/b', config(2 * chunk.length));
  await expect(read).rejects.toMatchObject({ class: 'integrity' });
  expect(seen.requests).toBe(2);
  expect(seen.chunks).toBeLessThanOrEqual(2 * 5);
});

test.each([
  ['as its descriptor says is taken', small.length, undefined],
  ['of another size than its descriptor says is refused', small.length + 1, 'integrity'],
])('a blob %s', async (_, size, refused) => {
  const { client } = sourceOf(() => [small]);
  const read = await readBlob(client, 'a/b', config(size)).catch((error) => error);
  if (refused) expect(read).toMatchObject({ class: refused });
  else expect(read).toEqual(small);
});
