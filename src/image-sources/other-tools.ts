import { fieldName } from '../inputs/fields.ts';
import { parseReference, referenceIn } from '../oci/reference.ts';
import type { Cure } from './found.ts';
import type { Mention } from './mention.ts';
import { childAt, itemsOf, type Node, textAt } from './node.ts';

/** How another tool's file is read. */
export interface Reader {
  /** What such a file is, for messages. */
  readonly expected: string;
  isOne(root: Node): boolean;
  find(root: Node): Mention[];
  /** Absent: the name is to be corrected. */
  readonly cure?: Cure;
}

/** Docker compose: every service's image; of one that is built there the image may be in no registry. */
export const compose: Reader = {
  expected: 'a compose file with `services:`',
  isOne: (root) => childAt(root, 'services')?.kind === 'map',
  cure: (image) =>
    image.includes('$') ? 'give what `docker compose config` prints' : 'correct the name',
  find: (root) =>
    entriesOf(childAt(root, 'services')).flatMap(([name, service]) => [
      ...mention(service, ['services', name], 'image', childAt(service, 'build') !== undefined),
      ...itemsOf(childAt(service, 'volumes')).flatMap((volume, index) =>
        textAt(volume, 'type') === 'image'
          ? mention(volume, ['services', name, 'volumes', index], 'source')
          : [],
      ),
    ]),
};

/** A Hauler manifest's documents of kind Images. */
export const hauler: Reader = {
  expected: 'a Hauler manifest with a document of kind Images',
  isOne: (root) => textAt(root, 'kind') === 'Images' && isOfGroup(root, 'content.hauler.cattle.io'),
  find: (root) => {
    const registry = textAt(childAt(root, 'metadata', 'annotations'), 'hauler.dev/registry');
    return itemsOf(childAt(root, 'spec', 'images')).flatMap((item, index) =>
      mention(item, ['spec', 'images', index], 'name', textAt(item, 'local') === 'true').map(
        (found) => ({ ...found, image: inRegistry(found.image, registry) }),
      ),
    );
  },
};

/** What dt calls Images.lock, and imgpkg's lock file: both are of kind ImagesLock. */
export const imagesLock: Reader = {
  expected: 'an Images.lock of dt, or a lock file of imgpkg, of kind ImagesLock',
  isOne: (root) => textAt(root, 'kind') === 'ImagesLock',
  find: (root) =>
    itemsOf(childAt(root, 'images')).flatMap((item, index) =>
      mention(item, ['images', index], 'image'),
    ),
};

/** The images that the components of a Zarf package list; what is in their charts and manifests Zarf wants there too. */
export const zarf: Reader = {
  expected: 'a zarf.yaml of kind ZarfPackageConfig',
  isOne: (root) => textAt(root, 'kind') === 'ZarfPackageConfig',
  find: (root) =>
    itemsOf(childAt(root, 'components')).flatMap((component, index) =>
      entriesOf(childAt(component, 'images')).flatMap(([at, item]) =>
        item.kind === 'text' ? [said(item, ['components', index, 'images', at])] : [],
      ),
    ),
};

function entriesOf(node: Node | undefined): [string | number, Node][] {
  if (node?.kind === 'list') return node.items.map((item, index) => [index, item]);
  return node?.kind === 'map' ? [...node.entries] : [];
}

function mention(
  holder: Node,
  path: readonly (string | number)[],
  key: string,
  isSuspected = false,
): Mention[] {
  const node = childAt(holder, key);
  if (node?.kind !== 'text' || node.value === '') return [];
  return [{ ...said(node, [...path, key]), isSuspected }];
}

function said(
  { value, line }: { readonly value: string; readonly line: number },
  path: readonly (string | number)[],
): Mention {
  return { image: value, line, place: fieldName(path), isSuspected: false };
}

function isOfGroup(root: Node, group: string): boolean {
  return textAt(root, 'apiVersion')?.startsWith(`${group}/`) === true;
}

/** Hauler asks this registry for names that say none. */
function inRegistry(image: string, registry: string | undefined): string {
  if (registry === undefined || referenceIn(image) === undefined) return image;
  const named = `${registry}/${image}`;
  const saysRegistry =
    image.includes('/') && parseReference(image).registry === image.split('/')[0];
  return saysRegistry ? image : named;
}
