import { expect, test } from 'vitest';
import { imageList, imagesText } from '../../src/report/images-text.ts';

const images = [
  { image: 'a:1', sources: ['images[0]', 'web.yaml:3 Pod web'], suspected: false, taken: true },
  { image: 'b:1', sources: ['args'], suspected: true, taken: false },
  { image: 'd:1', sources: ['args'], suspected: true, taken: true },
  { image: 'c:1', sources: ['1', '2', '3', '4', '5', '6', '7'], suspected: false, taken: true },
];

test('the text has every image with its places, the suspected ones that are not taken at the end', () => {
  expect(imagesText(images)).toBe(`a:1
  images[0]
  web.yaml:3 Pod web
d:1
  args
c:1
  1
  2
  3
  4
  5
  and 2 more

Suspected by their shape, taken only where the source says \`suspected: true\`:
b:1
  args
3 images, 1 suspected`);
  expect(imagesText(images.slice(0, 1))).toBe('a:1\n  images[0]\n  web.yaml:3 Pod web\n1 image');
});

test('the list has the suspected ones in comments, or among the others', () => {
  expect(imageList(images, false)).toBe('a:1\n# suspected: b:1 (args)\nd:1\nc:1\n');
  expect(imageList(images, true)).toBe('a:1\nb:1\nd:1\nc:1\n');
});
