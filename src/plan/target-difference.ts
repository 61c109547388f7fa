import { exactMark, replaceMark } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { digestOf } from '../oci/digest.ts';
import type { Inventory, InventoryTarget } from './inventory.ts';
import { change, match } from './match.ts';

export interface TargetDifference {
  /** Fields of the target, in the order of the inventory; of a CA certificate the sha256 of its PEM text. */
  readonly changed: readonly TargetChange[];
  readonly map: MapDifference;
}

export interface TargetChange {
  readonly field: string;
  /** As text; empty where the field was not there. */
  readonly from: string;
  readonly to: string;
}

/** Of the effective map. Keys have their mark, `[EXACT]` or `[REPLACE]`. */
export interface MapDifference {
  readonly added: readonly MapRule[];
  readonly removed: readonly MapRule[];
  readonly changed: readonly { readonly key: string; readonly from: string; readonly to: string }[];
  /** `[REPLACE]` rules are tried in order, and that has changed. */
  readonly reordered: boolean;
}

export interface MapRule {
  readonly key: string;
  readonly value: string;
}

/** How two inventories differ in where they go and how that is reached. */
export function compareTargets(
  { target: from }: Inventory,
  { target: to }: Inventory,
): TargetDifference {
  const [older, newer] = [fieldsOf(from), fieldsOf(to)];
  const fields = Object.keys(newer) as (keyof typeof newer)[];
  return {
    changed: fields.flatMap((field) => {
      const found = change(older[field], newer[field]);
      return found ? [{ field, ...found }] : [];
    }),
    map: compareMaps(from.mirrorMap, to.mirrorMap),
  };
}

function fieldsOf(target: InventoryTarget) {
  return {
    endpoint: target.endpoint,
    baseContentPath: target.baseContentPath,
    plainHttp: String(target.plainHttp),
    insecureSkipVerify: String(target.insecureSkipVerify),
    caCert: target.caCert === undefined ? '' : digestOf(Buffer.from(target.caCert)),
    environment: target.environment,
    pullThrough: (target.pullThrough ?? []).join(', '),
  };
}

function compareMaps(from: string, to: string): MapDifference {
  const [older, newer] = [rulesOf(from), rulesOf(to)];
  const { added, removed, both } = match(older, newer, ({ key }) => key);
  return {
    added,
    removed,
    changed: both
      .filter((pair) => pair.from.value !== pair.to.value)
      .map((pair) => ({ key: pair.to.key, from: pair.from.value, to: pair.to.value })),
    reordered: change(orderOf(older, newer), orderOf(newer, older)) !== null,
  };
}

/** Of a key that is there twice the webhook takes the later value, at the place of the first. */
function rulesOf(text: string): MapRule[] {
  const rules = new Map(
    parseMirrorMap(text).entries.map(({ kind, key, value }) => [`${marks[kind]}${key}`, value]),
  );
  return [...rules].map(([key, value]) => ({ key, value }));
}

const marks = { exact: exactMark, replace: replaceMark, registry: '', noswap: '', default: '' };

/** The `[REPLACE]` rules that the other map has too. */
function orderOf(rules: readonly MapRule[], others: readonly MapRule[]): string[] {
  const known = new Set(others.map(({ key }) => key));
  return rules.map(({ key }) => key).filter((key) => key.startsWith(replaceMark) && known.has(key));
}
