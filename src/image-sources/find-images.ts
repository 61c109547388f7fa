import { referenceIn } from '../oci/reference.ts';
import { composedImages } from './composed-image.ts';
import {
  hintOf,
  isFlagOfImage,
  isImageField,
  isInDefault,
  isNamedValue,
  isPassedOver,
} from './fields.ts';
import { imagesInText } from './free-text.ts';
import {
  type Holder,
  holdsSecrets,
  inObject,
  inText,
  isDefinition,
  isPlainWorkload,
  listOrKey,
  placeOf,
  wholeDocument,
} from './holder.ts';
import { isContainer, type Judgement, judgeImage } from './image-field.ts';
import type { Mention, Trail } from './mention.ts';
import { type ListNode, type MapNode, type Node, type TextNode, textAt } from './node.ts';
import { isEvent, isObject } from './objects.ts';
import { readYaml } from './read-yaml.ts';
import { decoded, mayBeDocument } from './texts.ts';

/**
 * Every place in a document that names an image: as Kubernetes and its custom resources do, in the text of ConfigMaps
 * and Secrets, and by its shape anywhere else.
 * @throws RangeError for a document that aliases make too large
 */
export function findImages(root: Node): Mention[] {
  // A bundle file that lies among manifests is none.
  if (textAt(root, 'apiVersion') === 'airgap-bundle/v1') return [];
  return new Walk().through(root, wholeDocument);
}

/** In nodes, a long text counting for several: a document of 20 MB has two million. */
const mostWork = 4_000_000;
const deepest = 400;

class Walk {
  readonly #found: Mention[] = [];
  #work = 0;
  #depth = 0;

  through(root: Node, holder: Holder): Mention[] {
    this.#visit(root, holder, undefined);
    return this.#found;
  }

  #visit(node: Node, holder: Holder, trail: Trail | undefined): void {
    this.#spend(1);
    this.#depth++;
    if (node.kind === 'list') this.#list(node, holder, trail);
    else if (node.kind === 'text') this.#text(node, holder, trail, hintOf(trail));
    else if (!isObject(node)) this.#map(node, holder, trail);
    else if (!isEvent(node)) this.#map(node, inObject(node, holder, trail), undefined);
    this.#depth--;
  }

  /** Aliases can make a short document as large as they like. */
  #spend(work: number): void {
    this.#work += work;
    if (this.#work <= mostWork && this.#depth <= deepest) return;
    throw new RangeError('its aliases make it too large');
  }

  #list({ items }: ListNode, holder: Holder, trail: Trail | undefined): void {
    let before = '';
    for (const [index, item] of items.entries()) {
      const step = { key: index, up: trail };
      if (item.kind === 'text') {
        this.#text(item, holder, step, hintOf(trail) || isFlagOfImage(before));
        before = item.value;
      } else {
        this.#visit(item, holder, step);
      }
    }
  }

  #map(map: MapNode, holder: Holder, trail: Trail | undefined): void {
    const isComposed = this.#composed(map, holder, trail);
    for (const [key, value] of map.entries) {
      const step = { key, up: trail };
      if (isPassedOver(step, holder)) continue;
      if (value.kind !== 'text') this.#visit(value, holder, step);
      else if (isImageField(map, step) && !isDefinition(holder) && !holdsSecrets(holder)) {
        if (!isComposed) this.#image(value, map, holder, step);
      } else {
        this.#text(value, holder, step, hintOf(step) || isNamedValue(map, key));
      }
    }
  }

  /** Whether the mapping's `image` is only a part of one. */
  #composed(map: MapNode, holder: Holder, trail: Trail | undefined): boolean {
    if (isDefinition(holder) || holdsSecrets(holder)) return false;
    const images = composedImages(map, listOrKey(trail));
    for (const { image, line } of images) this.#add(image, line, holder, trail, 'suspected');
    return images.some(({ hasImage }) => hasImage);
  }

  #image(value: TextNode, map: MapNode, holder: Holder, trail: Trail): void {
    const isKnown = trail.key !== 'image';
    const isConfiguration = holder.object === undefined && holder.isInside;
    const judgement = judgeImage(value.value, {
      isContainer: isKnown || isContainer(map, listOrKey(trail.up), isConfiguration),
      isWorkload: isPlainWorkload(holder),
      isConfiguration,
    });
    if (judgement !== 'none') this.#add(value.value, value.line, holder, trail, judgement);
  }

  #text(text: TextNode, holder: Holder, trail: Trail | undefined, isHinted: boolean): void {
    this.#spend(1 + text.value.length / 64);
    if (isDefinition(holder) && !isInDefault(trail)) return;
    const value = decoded(text.value, holder, trail);
    if (value === undefined) return;
    const lineOf = (after: number) =>
      text.line + (text.isBlock && value === text.value ? after : 0);
    const inside = mayBeDocument(value) && findInDocuments(value, inText(holder, trail));
    if (inside) {
      for (const found of inside) this.#found.push({ ...found, line: lineOf(found.line - 1) });
      return;
    }
    for (const { image, line } of imagesInText(value, isHinted && !/\n./.test(value))) {
      this.#add(image, lineOf(line), holder, trail, 'suspected');
    }
  }

  #add(
    image: string,
    line: number,
    holder: Holder,
    trail: Trail | undefined,
    judgement: Judgement,
  ): void {
    const isSuspected = judgement === 'suspected';
    // A password may have the shape of an image; nothing but an image has a digest.
    if (isSuspected && holder.isSecret && referenceIn(image)?.digest === undefined) return;
    this.#found.push({ image: image.trim(), line, place: placeOf(holder, trail), isSuspected });
  }
}

/** Undefined for a text that is no document, or one of words alone. */
function findInDocuments(text: string, holder: Holder): Mention[] | undefined {
  const { documents, errors } = readYaml(text, '');
  const isDocument = documents.length > 0 && documents.every(({ root }) => root.kind !== 'text');
  if (errors.length > 0 || !isDocument) return undefined;
  return documents.flatMap(({ root }) => new Walk().through(root, holder));
}
