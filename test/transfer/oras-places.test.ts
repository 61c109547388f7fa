import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import { Places } from '../../src/registry/places.ts';
import type { Copy } from '../../src/transfer/oras.ts';
import { takePlaces } from '../../src/transfer/oras-places.ts';

const narrow = () => new Places({ signal: new AbortController().signal, emit: () => {} }, 1);
const at = (host: string, places: Places) => ({
  client: { host, access: {}, places } as RegistryClient,
  repository: 'x',
});

/** By name the loopback address comes before the target, and the source after it. */
test.each([
  ['source', 'target'],
  ['target', 'source'],
])(
  'a copy through us and one without it do not wait for each other, %s known first',
  async (one) => {
    const [first, second] = [narrow(), narrow()];
    const [source, target] = one === 'source' ? [first, second] : [second, first];
    const copy = (host: string): Copy => ({
      digest: digestOf(Buffer.from('x')),
      from: at(host, source),
      to: at('5.registry.example', target),
      atOnce: 1,
    });
    const made = ['9.registry.example', '127.0.0.1:40000'].map(async (host) => {
      const taken = await takePlaces(copy(host), 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      taken?.leave();
      return taken?.concurrency;
    });
    expect(await Promise.all(made)).toEqual([1, 1]);
  },
);
