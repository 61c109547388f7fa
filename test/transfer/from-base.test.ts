import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { mountBase } from '../../src/transfer/from-base.ts';
import type { LayoutOrigin } from '../../src/transfer/job.ts';
import type { Work } from '../../src/transfer/work.ts';

const digest = digestOf(Buffer.from('a'));
const blob = { mediaType: 'a/b', digest, size: 1 };
const origin = { base: { blobs: new Set([digest]) }, bundleRepository: 'b' };

test.each([
  ['the registry mounts nothing', 'base', `base gives no ${digest}`],
  ['no repository has it', undefined, `nothing gives no ${digest}`],
])('%s', async (_, from, given) => {
  const work = {
    job: { target: { mountBlob: async () => false } },
    turns: { isIn: () => false, mountSource: () => from },
  } as unknown as Work;
  await expect(mountBase(origin as unknown as LayoutOrigin, [blob], work)).rejects.toMatchObject({
    class: 'refused',
    message: 'a blob of the base cannot be mounted',
    given,
  });
});
