import { strict as assert } from 'node:assert';
import { open, writeFile } from 'node:fs/promises';
import type { Random } from '../random.ts';
import { refused, type Trial, type Verdict } from '../trial.ts';
import { makePair, outcomeOf, type Pair, Workshop } from './bundles.ts';
import { mutations } from './mutations.ts';

const shop = new Workshop();
const types = ['ed25519', 'ecdsa-p256'] as const;
const isRefusal = (outcome: string) => outcome === 'signature' || outcome === 'integrity';

/** Every byte of a small bundle, one after the other. */
export const everyByte: Trial = {
  id: 'T1',
  title: 'a single changed byte, anywhere in a bundle, is found',
  star: true,
  cases: (size) =>
    types.map((type) => ({
      name: `${size === 'full' ? 'every bit of every byte' : 'every byte'}, ${type}`,
      seconds: 600,
      run: () => changeEveryByte(makePair(type), size),
    })),
  close: shop.close,
};

async function changeEveryByte(pair: Pair, size: string): Promise<Verdict> {
  const bytes = await shop.make(pair);
  const path = await shop.at('changed.tar');
  await writeFile(path, bytes);
  const file = await open(path, 'r+');
  const bits = (at: number) =>
    size === 'full' ? [0, 1, 2, 3, 4, 5, 6, 7] : [(at + (at >> 3)) % 8];
  const step = size === 'smoke' ? 29 : 1;
  let changes = 0;
  for (let at = 0; at < bytes.length; at += step) {
    for (const bit of bits(at)) {
      await file.write(Buffer.of((bytes[at] ?? 0) ^ (1 << bit)), 0, 1, at);
      const outcome = await outcomeOf(path, { keys: [pair.key] });
      assert.ok(isRefusal(outcome), `byte ${at}, bit ${bit}: ${outcome}`);
      changes++;
    }
    await file.write(bytes, at, 1, at);
  }
  await file.close();
  assert.equal(await outcomeOf(path, { keys: [pair.key] }), 'accepted');
  return refused({ 'single-byte changes': changes, 'not found': 0 });
}

/** What a generator can think of. */
export const mutated: Trial = {
  id: 'T4',
  title: 'no bundle that was changed after it was signed is accepted',
  star: true,
  cases: (size) => {
    const bundles = { smoke: 400, small: 10_000, full: 100_000 }[size];
    return [
      {
        name: `${bundles} mutated bundles`,
        seconds: 900,
        run: (random: Random) => tryMutated(bundles, random),
      },
      ...Object.keys(mutations).map((name) => ({
        name: `in every round: ${name}`,
        run: (random: Random) => tryOne(name, random),
      })),
    ];
  },
  close: shop.close,
};

const mixture = 'parts of two bundles';

async function tryMutated(count: number, random: Random): Promise<Verdict> {
  const made = await signedByEach();
  const names = [...Object.keys(mutations), mixture];
  let changed = 0;
  for (let round = 0; changed < count; round++) {
    assert.ok(round < 2 * count, 'most rounds change nothing');
    const { pair, bytes, later } = random.pick(made);
    const name = random.pick(names);
    let tried = name === mixture ? mixed(bytes, later, random) : bytes;
    tried = mutations[name]?.(tried, random) ?? tried;
    if (random.chance(0.3) && tried.length > bytes.length / 2)
      tried = mutations[random.pick(names)]?.(tried, random) ?? tried;
    if (tried.equals(bytes) || tried.equals(later)) continue;
    changed++;
    const outcome = await shop.open(tried, { keys: [pair.key] });
    assert.ok(isRefusal(outcome), `round ${round}, ${name}: ${outcome}`);
  }
  return refused({ 'mutated bundles': changed, accepted: 0 });
}

async function signedByEach() {
  const all: { pair: Pair; bytes: Buffer; later: Buffer }[] = [];
  for (const type of types) {
    const pair = makePair(type);
    const bytes = await shop.make(pair);
    const later = await shop.make(pair, { sequence: 8, createdAt: '2026-11-22T16:00:01Z' });
    all.push({ pair, bytes, later });
  }
  return all;
}

async function tryOne(name: string, random: Random): Promise<Verdict> {
  const pair = makePair();
  const bytes = await shop.make(pair);
  for (let round = 0; round < 20; round++) {
    const tried = mutations[name]?.(bytes, random) ?? bytes;
    if (tried.equals(bytes)) continue;
    const outcome = await shop.open(tried, { keys: [pair.key] });
    assert.ok(isRefusal(outcome), `${name}: ${outcome}`);
  }
  return refused();
}

/** Both are signed by the same key, and alike but for their times. */
function mixed(one: Buffer, other: Buffer, random: Random): Buffer {
  const at = 512 * (1 + random.below(one.length / 512 - 2));
  return Buffer.concat([one.subarray(0, at), other.subarray(at)]);
}
