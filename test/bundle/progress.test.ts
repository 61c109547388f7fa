import { expect, test } from 'vitest';
import { blobsProgress } from '../../src/bundle/progress.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Event } from '../../src/report/events.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;
const MiB = 1024 ** 2;
const blob = (letter: string, size: number) => ({ digest: digest(letter), size: size * MiB });
const blobs = [blob('a', 1), blob('b', 2), blob('c', 3)];

/** Two images, the second with nothing of its own; the last blob is nobody's. */
function started() {
  const events: Event[] = [];
  const images = [
    { image: 'one:1', blobs: [digest('a'), digest('b')] },
    { image: 'same:1', blobs: [] },
  ];
  const progress = blobsProgress(blobs, images, (event) => events.push(event));
  return { events, progress };
}

test('an image is told of while a blob of it is written, and when all are', () => {
  const { events, progress } = started();
  expect(events).toEqual([]);
  const [first, second] = blobs.slice(0, 2).map((one) => progress.begin(one));
  first?.read(MiB);
  expect(events.at(-1)).toEqual({
    ...{ kind: 'bytes', done: MiB, total: 6 * MiB, images: { done: 0, total: 2 } },
    running: [{ image: 'one:1', done: MiB, total: 3 * MiB }],
  });
  first?.end();
  second?.read(2 * MiB);
  second?.end();
  expect(events.at(-1)).toEqual({ kind: 'image', image: 'one:1', state: 'packed' });
});

test('what was read in vain is taken back, and what is of no image counts for the whole', () => {
  const { events, progress } = started();
  const other = progress.begin(blob('c', 3));
  other.read(2 * MiB);
  other.read(-2 * MiB);
  other.read(3 * MiB);
  expect(events.at(-1)).toMatchObject({ done: 3 * MiB, running: [] });
});

test('when all blobs are there all images are, those too with nothing of their own', () => {
  const { events, progress } = started();
  const packed = () => events.flatMap((one) => (one.kind === 'image' ? [one.image] : []));
  for (const one of blobs) {
    const { read, end } = progress.begin(one);
    read(one.size);
    expect(packed()).not.toContain('same:1');
    end();
  }
  expect(packed()).toEqual(['one:1', 'same:1']);
  expect(events.at(-1)).toEqual({
    ...{ kind: 'bytes', done: 6 * MiB, total: 6 * MiB, images: { done: 2, total: 2 } },
    running: [],
  });
});

test('where there is nothing to write every image is packed at once', () => {
  const events: Event[] = [];
  blobsProgress([], [{ image: 'empty:1', blobs: [] }], (event) => events.push(event));
  expect(events).toEqual([{ kind: 'image', image: 'empty:1', state: 'packed' }]);
});
