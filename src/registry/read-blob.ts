import type { Readable } from 'node:stream';
import { type Descriptor, mostReadWhole } from '../oci/descriptor.ts';
import { algorithmOf, digestOf } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import type { RegistryClient } from './client.ts';
import { twice } from './retry.ts';

/**
 * Reads a small blob (a config, a chart) whole.
 * @throws AirgapError integrity when its bytes are not those of the descriptor; usage above 32 MiB
 */
export async function readBlob(
  client: RegistryClient,
  repository: string,
  { digest, size }: Descriptor,
): Promise<Buffer> {
  const name = `${client.host}/${repository}@${digest}`;
  if (size > mostReadWhole) {
    throw new AirgapError('usage', 'a config or chart is too large', {
      given: `${name}, ${size} bytes`,
      expected: `at most ${mostReadWhole} bytes`,
    });
  }
  return twice(async () => {
    const { body } = await client.getBlob(repository, digest);
    const bytes = await readUpTo(size, body);
    if (bytes.length === size && digestOf(bytes, algorithmOf(digest)) === digest) return bytes;
    throw new AirgapError('integrity', 'a blob is not what its descriptor says', {
      given: name,
      next: 'push it to its registry again: what is stored there, or comes from there, is damaged',
    });
  });
}

/**
 * Resolves to no more than a chunk over `size` bytes: a source may send without end.
 * @param tell the bytes of each chunk
 */
export async function readUpTo(
  size: number,
  body: Readable,
  tell: (bytes: number) => void = () => {},
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    read += chunk.length;
    tell(chunk.length);
    if (read > size) break;
  }
  return Buffer.concat(chunks);
}
