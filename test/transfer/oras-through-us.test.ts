import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import { OrasFailure } from '../../src/transfer/oras-errors.ts';
import { throughUs } from '../../src/transfer/oras-through-us.ts';

test('an image that the source does not have any more', async () => {
  const digest = digestOf(Buffer.from('a'));
  const client = { host: 's.io', getManifest: async () => undefined } as unknown as RegistryClient;
  const copy = { digest, from: { client, repository: 'a' }, to: { client, repository: 'b' } };
  const through = throughUs({ ...copy, atOnce: 1 }, [], new AbortController());
  const cut = new OrasFailure('Error: unexpected EOF', 's.io/a to t.io/b');
  expect((await through.after(cut)).from).toBe(copy.from);
  const { from } = await through.after(cut);
  if (!('server' in from)) throw new Error('not through us');
  const { server, repository } = from;
  await expect(
    fetch(`http://${server.host}/v2/${repository}/manifests/${digest}`),
  ).rejects.toThrow();
  await expect(through.after(cut)).rejects.toMatchObject({
    class: 'usage',
    message: 'the source does not have an image any more',
    given: `no manifest ${digest} in s.io/a`,
  });
  await through.close();
});
