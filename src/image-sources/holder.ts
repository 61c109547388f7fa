import { fieldName } from '../inputs/fields.ts';
import { keysOf, type Trail } from './mention.ts';
import { type MapNode, textAt } from './node.ts';
import { isKind, isWorkload, objectName } from './objects.ts';

/** What is being looked through: a document, or an object in it. */
export interface Holder {
  /** What leads to it, for messages. */
  readonly before: string;
  /** Absent: the document is no object of Kubernetes. */
  readonly object?: MapNode;
  /** It stands inside something else, so that it may be a template or an example. */
  readonly isInside: boolean;
  readonly isSecret: boolean;
}

export const wholeDocument: Holder = { before: '', isInside: false, isSecret: false };

/** A document in a text. */
export function inText(holder: Holder, trail: Trail | undefined): Holder {
  return { before: placeOf(holder, trail), isInside: true, isSecret: holder.isSecret };
}

/** An object that was met in a holder; the items of a list stand for themselves. */
export function inObject(object: MapNode, holder: Holder, trail: Trail | undefined): Holder {
  const stands = holder.object === undefined || isList(holder.object);
  return {
    before: stands ? holder.before : placeOf(holder, trail),
    object,
    isInside: stands ? holder.isInside : true,
    isSecret: holder.isSecret || isKind(object, '', 'Secret'),
  };
}

export function isList(object: MapNode): boolean {
  return textAt(object, 'kind')?.endsWith('List') === true && object.entries.has('items');
}

/** Whether nothing but an image can stand where its containers name one. */
export function isPlainWorkload({ object, isInside }: Holder): boolean {
  return object !== undefined && !isInside && isWorkload(object);
}

export function isDefinition({ object }: Holder): boolean {
  return object !== undefined && isKind(object, 'apiextensions.k8s.io', 'CustomResourceDefinition');
}

/** Whether its fields are secrets; a manifest in a Secret is one like any other. */
export function holdsSecrets({ object, isSecret }: Holder): boolean {
  return isSecret && (object === undefined || isKind(object, '', 'Secret'));
}

/** `Deployment default/web spec.template.spec.containers[0].image` */
export function placeOf({ before, object }: Holder, trail: Trail | undefined): string {
  const name = object ? objectName(object) : '';
  return [before, name, fieldName(keysOf(trail))].filter((part) => part !== '').join(' ');
}

/** The name of the list or field that a mapping stands in. */
export function listOrKey(trail: Trail | undefined): string {
  const step = typeof trail?.key === 'number' ? trail.up : trail;
  return String(step?.key ?? '');
}
