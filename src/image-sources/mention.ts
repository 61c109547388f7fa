/** One place that names an image. */
export interface Mention {
  /** As written. */
  readonly image: string;
  /** From 1; 0 where the document has no lines. */
  readonly line: number;
  /** The object and the field: `Deployment default/web spec.template.spec.containers[0].image`. */
  readonly place: string;
  /** Found by its shape alone. */
  readonly isSuspected: boolean;
}

/** Steps down a document, the last one first in hand: names are put together only where something was found. */
export interface Trail {
  readonly key: string | number;
  readonly up?: Trail | undefined;
}

export function keysOf(trail: Trail | undefined): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let step = trail; step; step = step.up) keys.unshift(step.key);
  return keys;
}
