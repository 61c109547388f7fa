import type { ListedImage } from './spec.ts';

/**
 * Reads a list: one image a line, `#` starts a comment at a line's beginning or after white space, blank
 * lines are passed over.
 * @param name how the list is called in messages
 */
export function parseImageList(text: string, name: string): ListedImage[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({
      image: line.replace(/(^|\s)#.*$/, '').trim(),
      origin: `${name}:${index + 1}`,
    }))
    .filter(({ image }) => image !== '');
}
