import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Reach, retry, Transient } from '../../src/registry/retry.ts';
import { AirgapError } from '../../src/report/error.ts';

const host = 'https://r.example';
const failure = new AirgapError('transient', 'nobody listens');
const refused = new Transient(failure, { origin: host, isUnreachable: true });

const reachOf = (answered: string[] = []): Reach => ({
  answered: new Map(answered.map((origin) => [origin, 0])),
  missed: new Set(),
});

/** Tries of a piece of work that always fails so. */
async function triesOf(thrown: Transient, reach: Reach, budget = 1_000): Promise<number> {
  let tries = 0;
  const work = async () => {
    tries++;
    throw thrown;
  };
  const options = { budget, signal: new AbortController().signal, reach };
  await expect(retry(work, options)).rejects.toBe(failure);
  return tries;
}

/** Time that goes on by a second whenever it is looked at, and waits that take none. */
function hurry(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
  vi.spyOn(Math, 'random').mockReturnValue(0);
}
afterEach(() => void vi.restoreAllMocks());

describe('a host that no connection can be made to', () => {
  test('who comes after one that waited in vain does not wait too, until the host answers', async () => {
    const reach = reachOf();
    expect(await triesOf(refused, reach)).toBeGreaterThan(1);
    expect(await triesOf(refused, reach)).toBe(1);
    reach.missed.delete(host);
    expect(await triesOf(refused, reach)).toBeGreaterThan(1);
  });

  test('another host that is away does not count against it', async () => {
    const reach = reachOf();
    reach.missed.add('https://cdn.example');
    expect(await triesOf(refused, reach)).toBeGreaterThan(1);
  });

  test('is waited for five seconds, and for the whole budget when it has answered before', async () => {
    hurry();
    expect(await triesOf(refused, reachOf(), 600_000)).toBe(7);
    expect(await triesOf(refused, reachOf([host]), 600_000)).toBe(602);
  });
});

test('Retry-After: 0 is no reason to hurry', async () => {
  const now = new Transient(failure, { retryAfter: 0 });
  expect(await triesOf(now, reachOf())).toBeLessThan(30);
});
