import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Lock, takeLock } from '../../src/disk/lock.ts';
import { thisProcess } from '../../src/disk/process.ts';
import type { Event } from '../../src/report/events.ts';

const beat = { every: 20, deadAfter: 300 };

let folder: string;
let path: string;
let events: Event[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-lock-'));
  path = join(folder, 'deep', 'a.lock');
  events = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const take = (signal = new AbortController().signal): Promise<Lock> =>
  takeLock(
    { path, what: 'the bundle a.tar' },
    { signal, now: () => new Date('2026-11-22T16:00:00Z'), emit: (event) => events.push(event) },
    beat,
  );
const files = () => readdir(join(folder, 'deep'));

/** A lock file as a run of that process would have left it. */
async function leftBy(process: string): Promise<void> {
  await (await take()).release();
  const said = { id: randomUUID(), process, pid: '7', host: 'builder', since: '2026-11-22T15:00Z' };
  await writeFile(path, JSON.stringify(said));
}
const dead = async () => (await thisProcess()).name.replace(/\d+$/, '1');
const elsewhere = 'abcdefabcdef-7-1';

test('the second run is told who holds it, since when, and what to do', async () => {
  const lock = await take();
  await expect(take()).rejects.toMatchObject({
    class: 'locked',
    exitCode: 12,
    message: 'another run holds the bundle a.tar',
    given: `process ${process.pid} on ${hostname()}, since 2026-11-22T16:00:00.000Z`,
    next: `wait until it has ended, or stop it: kill ${process.pid}`,
  });
  await lock.check();
  await lock.release();
  expect(await files()).toEqual([]);
  await (await take()).release();
});

describe('what a dead run left', () => {
  test('is taken over at once where its process is seen to be gone', async () => {
    await leftBy(await dead());
    const lock = await take();
    expect(await files()).toEqual(['a.lock']);
    expect(events).toEqual([]);
    await lock.release();
  });

  test('is taken over by one of many', async () => {
    for (let round = 0; round < 20; round++) {
      await leftBy(await dead());
      const ended = await Promise.allSettled(
        Array.from({ length: 12 }, (_, at) => sleep((at * round) / 10).then(() => take())),
      );
      const held = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(held).toHaveLength(1);
      for (const one of ended)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ class: 'locked' });
      await held[0]?.release();
      expect(await files()).toEqual([]);
    }
  });

  test('by a run that was taking over when it died is no hindrance', async () => {
    await leftBy(await dead());
    const { id } = JSON.parse(await readFile(path, 'utf8')) as { id: string };
    await writeFile(`${path}.${id}`, await readFile(path));
    await (await take()).release();
  });

  test('beside the lock, when it died while it took over, goes with the next run', async () => {
    await leftBy(await dead());
    const { id } = JSON.parse(await readFile(path, 'utf8')) as { id: string };
    await rm(path);
    const others = ['a.lock.tar', 'b.lock', `b.lock.${id}`];
    for (const name of [`a.lock.${id}`, `a.lock.${id}.${randomUUID()}`, ...others])
      await writeFile(join(folder, 'deep', name), '');
    await (await take()).release();
    expect(await files()).toEqual(others);
  });

  test.each([
    [
      'of another container',
      JSON.stringify({ id: randomUUID(), process: elsewhere, host: 'x', since: 'y' }),
    ],
    ['cut short by a power failure', ''],
    ['that is no lock at all', 'hello'],
  ])('%s is taken over at once when it is old', async (_, text) => {
    await (await take()).release();
    await writeFile(path, text);
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await (await take()).release();
    expect(events).toEqual([]);
    expect(await files()).toEqual([]);
  });

  test('of another container is taken over when it gives no sign of life', async () => {
    await leftBy(elsewhere);
    const lock = await take();
    expect(events).toEqual([
      {
        kind: 'note',
        message:
          'the bundle a.tar was held by process 7 on builder: looking for up to 0.3 s whether it lives',
      },
    ]);
    await lock.release();
  });
});

test('a run of another container that gives signs of life is not disturbed', async () => {
  const lock = await take();
  // It writes what it wrote first: as if it were of elsewhere.
  const said = JSON.parse(await readFile(path, 'utf8'));
  await lock.release();
  const text = JSON.stringify({ ...said, process: elsewhere, pid: '7', host: 'builder' });
  const timer = setInterval(() => void writeFile(path, text), 20);
  await writeFile(path, text);
  await expect(take()).rejects.toMatchObject({
    class: 'locked',
    given: expect.stringContaining('process 7 on builder, since 2026'),
    next: expect.stringContaining(`delete ${path}`),
  });
  clearInterval(timer);
});

test('who holds it gives signs of life', async () => {
  const lock = await take();
  await utimes(path, 1_700_000_000, 1_700_000_000);
  while ((await stat(path)).mtimeMs === 1_700_000_000_000) await sleep(5);
  await lock.release();
});

test('who was held for dead learns it, and leaves the other one alone', async () => {
  const lock = await take();
  await rm(path);
  const said = {
    id: randomUUID(),
    process: elsewhere,
    host: 'builder',
    since: '2026-11-22T15:00Z',
  };
  await writeFile(path, JSON.stringify(said));
  await expect(lock.check()).rejects.toMatchObject({ class: 'locked' });
  await lock.release();
  expect(await files()).toEqual(['a.lock']);
});

test('who was held for dead learns it when the other one has ended as well', async () => {
  const lock = await take();
  await rm(path);
  await (await take()).release();
  await expect(lock.check()).rejects.toMatchObject({
    class: 'locked',
    message: 'another run has had the bundle a.tar meanwhile',
    next: 'run again',
  });
  await lock.release();
});

test('waiting ends with the run', async () => {
  await leftBy(elsewhere);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('stopped')), 20);
  await expect(take(stop.signal)).rejects.toThrow();
  expect(await files()).toEqual(['a.lock']);
});

test('a folder that cannot be written is an io failure', async () => {
  await writeFile(join(folder, 'deep'), '');
  await expect(take()).rejects.toMatchObject({ class: 'io' });
});
