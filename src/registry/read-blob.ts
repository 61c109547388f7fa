import { buffer } from 'node:stream/consumers';
import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, digestOf } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import type { RegistryClient } from './client.ts';
import { twice } from './retry.ts';

const mostBytes = 32 * 1024 * 1024;

/**
 * Reads a small blob (a config, a chart) whole.
 * @throws AirgapError integrity when its bytes are not those of the digest; usage above 32 MiB
 */
export async function readBlob(
  client: RegistryClient,
  repository: string,
  { digest, size }: Descriptor,
): Promise<Buffer> {
  const name = `${client.host}/${repository}@${digest}`;
  if (size > mostBytes) {
    throw new AirgapError('usage', 'a config or chart is too large', {
      given: `${name}, ${size} bytes`,
      expected: `at most ${mostBytes} bytes`,
    });
  }
  return twice(async () => {
    const { body } = await client.getBlob(repository, digest);
    const bytes = await buffer(body);
    if (digestOf(bytes, algorithmOf(digest)) === digest) return bytes;
    throw new AirgapError('integrity', 'a blob is not what its digest says', { given: name });
  });
}
