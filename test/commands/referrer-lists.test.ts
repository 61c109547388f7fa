import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockedLists, rememberedLists } from '../../src/commands/referrer-lists.ts';
import type { ListReferrers } from '../../src/commands/referrer-walk.ts';
import type { Context } from '../../src/context.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ociManifest } from '../../src/oci/media-types.ts';
import type { Referrer } from '../../src/registry/read-referrers.ts';

const subject = digestOf(Buffer.from('subject'));
const signature: Referrer = {
  descriptor: { mediaType: ociManifest, digest: digestOf(Buffer.from('signature')), size: 9 },
  tag: 'sha256-x.sig',
};
const start = Date.parse('2026-11-22T16:00:00Z');
const minute = 60_000;

let folder: string;
let path: string;
let asked: number;
let told: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-lists-'));
  path = join(folder, 'referrers.json');
  asked = 0;
  told = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Asks once, as a run does that begins so many milliseconds after the first. */
async function run(
  after: number,
  { host = 'hub.example.org', fresh = false, lost = [] as string[] } = {},
): Promise<readonly Referrer[]> {
  const context = {
    now: () => new Date(start + after),
    emit: (event: { message?: string }) => told.push(event.message ?? ''),
  } as unknown as Context;
  const ask: ListReferrers = async () => {
    asked++;
    return { referrers: [signature], lost };
  };
  const lists = await rememberedLists(path, ask, fresh, context);
  const source = { client: { host }, repository: 'a/b' } as unknown;
  const question = { source, name: 'docker.io/a/b', subject };
  const { referrers } = await lists.list(question as Parameters<ListReferrers>[0]);
  await lists.keep();
  return referrers;
}

describe('what was asked lately is not asked again', () => {
  test.each<[string, () => Promise<unknown>, number]>([
    ['a minute later', () => run(minute), 1],
    ['ten minutes later', () => run(10 * minute), 2],
    ['before it was asked, by a clock that was set back', () => run(-minute), 2],
    ['with --fresh', () => run(minute, { fresh: true }), 2],
    ['of another mirror', () => run(minute, { host: 'mirror.example.org' }), 2],
  ])('%s', async (_, again, times) => {
    expect(await run(0)).toEqual([signature]);
    await again();
    expect(asked).toBe(times);
    const isTold = told.some((message) => message.includes('--fresh asks again'));
    expect(isTold).toBe(times === 1);
  });

  test('but for a list that could not be read', async () => {
    await run(0, { lost: ['a list'] });
    await run(minute);
    expect(asked).toBe(2);
  });

  test.each([
    '',
    '{',
    '[]',
    '{"x": 1}',
    '{"x": {"at": "2026-11-22T16:00:00Z", "referrers": [{}]}}',
  ])('a file of %j is as none', async (text) => {
    await writeFile(path, text);
    expect(await run(0)).toEqual([signature]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toHaveProperty([
      `hub.example.org/a/b@${subject}`,
    ]);
  });
});

test('a lock gives what it has, in its order, and nobody is asked', async () => {
  const [one, other] = ['one', 'other'].map((text) => digestOf(Buffer.from(text)));
  const locked = (digest = subject) => ({
    ...{ of: 'docker.io/a/b', subject, digest, mediaType: ociManifest, size: 1 },
  });
  const { list } = lockedLists([locked(other), locked(one)]);
  const ask = async (name: string) =>
    (await list({ name, subject } as Parameters<ListReferrers>[0])).referrers;
  expect((await ask('docker.io/a/b')).map(({ descriptor }) => descriptor.digest)).toEqual([
    other,
    one,
  ]);
  expect(await ask('docker.io/a/c')).toEqual([]);
});
