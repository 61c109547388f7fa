import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { BlobTurns, type Turn } from '../../src/transfer/turns.ts';

const blob = (name: string) => {
  const bytes = Buffer.from(name);
  return { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length };
};
const layer = blob('layer');
const config = blob('config');

/** Whether a promise has resolved by now. */
const isDone = async (promise: Promise<void>) =>
  Promise.race([promise.then(() => true), new Promise((no) => setImmediate(no, false))]);

const join = (turns: BlobTurns) => turns.join([layer])[0] as Turn;

describe('turns for a blob', () => {
  test('the first may upload at once, the next when it has left', async () => {
    const turns = new BlobTurns(() => {});
    const [first, second, third] = [join(turns), join(turns), join(turns)];
    expect(await isDone(first.first)).toBe(true);
    expect(await isDone(second.homeOrFirst)).toBe(false);
    first.leave();
    expect(await isDone(second.first)).toBe(true);
    expect(await isDone(third.first)).toBe(false);
  });

  test('leaving from the middle, or twice, lets nobody else through', async () => {
    const turns = new BlobTurns(() => {});
    const [first, second, third] = [join(turns), join(turns), join(turns)];
    second.leave();
    second.leave();
    expect(await isDone(third.first)).toBe(false);
    first.leave();
    expect(await isDone(third.first)).toBe(true);
  });

  test('when the blob has a home, all may mount while the first still holds its turn', async () => {
    const turns = new BlobTurns(() => {});
    const [, second, third] = [join(turns), join(turns), join(turns)];
    turns.arrived(layer, 'a/one');
    expect(await isDone(second.homeOrFirst)).toBe(true);
    expect(await isDone(third.homeOrFirst)).toBe(true);
    expect(await isDone(second.first)).toBe(false);
  });

  test('a first arrival is told once', () => {
    const told: string[] = [];
    const turns = new BlobTurns(({ digest }) => told.push(digest));
    turns.arrived(layer, 'a/one');
    turns.arrived(layer, 'a/two');
    turns.arrived(config, 'a/two');
    expect(told).toEqual([layer.digest, config.digest]);
  });
});

describe('where to mount from', () => {
  test('nowhere while the blob has no home', () => {
    expect(new BlobTurns(() => {}).mountSource(layer.digest, 'a/one')).toBeUndefined();
  });

  test('the same project first, never a pair that was refused', () => {
    const turns = new BlobTurns(() => {});
    turns.arrived(layer, 'b/one');
    turns.arrived(layer, 'a/one');
    expect(turns.mountSource(layer.digest, 'a/two')).toBe('a/one');
    turns.mountRefused('a/one', 'a/two');
    expect(turns.mountSource(layer.digest, 'a/two')).toBe('b/one');
    turns.mountRefused('b/one', 'a/two');
    expect(turns.mountSource(layer.digest, 'a/two')).toBeUndefined();
    expect(turns.mountSource(layer.digest, 'a/three')).toBe('a/one');
  });

  test('never the repository itself; what is only believed to be there is not in it', () => {
    const turns = new BlobTurns(() => {});
    turns.believed(layer, 'a/one');
    expect(turns.mountSource(layer.digest, 'a/one')).toBeUndefined();
    expect(turns.mountSource(layer.digest, 'a/two')).toBe('a/one');
    expect(turns.isIn(layer.digest, 'a/one')).toBe(false);
    turns.arrived(layer, 'a/one');
    expect(turns.isIn(layer.digest, 'a/one')).toBe(true);
  });
});
