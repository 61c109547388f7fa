import { basename, resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import { defined } from './defined.ts';
import { readText } from './files.ts';
import { type ImageSource, readImageSource } from './image-source.ts';
import { refuseDocument, refuseOddLines } from './list-lines.ts';
import { nowhere, type PlaceAt } from './places.ts';
import type { BundleDocument } from './schema.ts';
import type { BundleSpec, ListedImage } from './spec.ts';

/** The images of bundle.yaml, those of the lists that it names among them, in order, and where it has more found. */
export async function readImages(
  items: BundleDocument['images'],
  folder: string,
  placeAt: PlaceAt = nowhere,
): Promise<Pick<BundleSpec, 'images' | 'imageSources'>> {
  const images: ListedImage[] = [];
  const imageSources: ImageSource[] = [];
  for (const [index, item] of items.entries()) {
    const field = ['images', index];
    if (typeof item === 'string') {
      images.push({
        image: item,
        origin: `images[${index}]`,
        ...defined({ place: placeAt(field) }),
      });
    } else if ('list' in item)
      images.push(...(await readList(resolve(folder, item.list), `images[${index}].list`)));
    else imageSources.push(readImageSource(item, `images[${index}]`, folder));
  }
  if (images.length > 0 || imageSources.length > 0) return { images, imageSources };
  throw new AirgapError('usage', 'no image is listed', {
    expected: 'images: [nginx:1.27, {list: images.txt}]',
    next: 'name images, a list, or where they are found: {manifests: DIR} or {chart: CHART}',
  });
}

/**
 * Reads a list: one image a line, `#` starts a comment at a line's beginning or after white space, blank
 * lines are passed over.
 * @param name how the list is called in messages
 * @param file that it was read from
 * @throws AirgapError usage for YAML and JSON
 */
export function parseImageList(text: string, name: string, file?: string): ListedImage[] {
  refuseDocument(text, name);
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({
      image: line.replace(/(^|\s)#.*$/, '').trim(),
      origin: `${name}:${index + 1}`,
      ...(file ? { place: { file, line: index + 1 } } : {}),
    }))
    .filter(({ image }) => image !== '');
}

/** @throws AirgapError usage for lines that are no images */
async function readList(path: string, field: string): Promise<ListedImage[]> {
  const text = await readText(path, `${field}: the image list`);
  const images = parseImageList(text, basename(path), path);
  refuseOddLines(images, field);
  return images;
}
