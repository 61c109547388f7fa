import { expect, test } from 'vitest';
import { type Outage, retry, Transient } from '../../src/registry/retry.ts';
import { AirgapError } from '../../src/report/error.ts';

const refused = () =>
  new Transient(new AirgapError('transient', 'nobody listens'), { unreachable: true });

/** Tries that one piece of work makes at a host that nobody reaches. */
async function triesAt(outage: Outage): Promise<number> {
  let tries = 0;
  const work = async () => {
    tries++;
    throw refused();
  };
  const options = { budget: 1_000, signal: new AbortController().signal, outage };
  await expect(retry(work, options)).rejects.toThrow('nobody listens');
  return tries;
}

test('who comes after one that waited in vain does not wait too, until the host answers', async () => {
  const outage = { seen: false };
  expect(await triesAt(outage)).toBeGreaterThan(1);
  expect(await triesAt(outage)).toBe(1);
  const options = { budget: 1_000, signal: new AbortController().signal, outage };
  expect(await retry(async () => 'an answer', options)).toBe('an answer');
  expect(await triesAt(outage)).toBeGreaterThan(1);
});
