import { resolve } from 'node:path';
import { parseInventory } from '../bundle/inventory-json.ts';
import { sumsPath } from '../bundle/sums.ts';
import type { Context } from '../context.ts';
import { readText } from '../inputs/files.ts';
import { credentialPaths } from '../install/carried-credential.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';

/**
 * Reads what `plan -o` wrote. The whole result of `plan --output json` is taken too.
 * @returns undefined where none is named
 * @throws AirgapError usage for anything else
 */
export async function readSavedPlan(
  path: string | undefined,
  context: Context,
): Promise<Inventory | undefined> {
  if (!path) return undefined;
  const text = await readText(resolve(context.cwd, path), 'the saved plan');
  try {
    return parseInventory(Buffer.from(inventoryPart(text)), 'usage');
  } catch (cause) {
    throw new AirgapError('usage', `${path} is not a saved plan`, {
      given: cause instanceof AirgapError ? cause.given : String(cause),
      expected: 'what plan -f bundle.yaml -o FILE wrote, unchanged',
      next: 'make the plan again: plan -f bundle.yaml -o FILE',
      cause,
    });
  }
}

function inventoryPart(text: string): string {
  try {
    const document = JSON.parse(text) as { inventory?: unknown };
    return document.inventory === undefined ? text : JSON.stringify(document.inventory);
  } catch {
    return text;
  }
}

/** What each image of a saved plan resolved to at its source. */
export function pinsOf(saved: Inventory | undefined): ReadonlyMap<string, Digest> {
  const images = saved?.images ?? [];
  return new Map(
    images.map(({ source, originalDigest, digest }) => [source, originalDigest ?? digest]),
  );
}

/**
 * Holds bundle.yaml to the plan: planning the pinned images again must give the same document.
 * @throws AirgapError usage naming the fields that differ
 */
export function checkAgainstSaved(saved: Inventory, made: Inventory): void {
  const [one, other] = [asPlanned(saved), asPlanned(made)];
  const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])] as (keyof Inventory)[];
  const different = fields.filter((field) => canonical(one[field]) !== canonical(other[field]));
  if (different.length === 0) return;
  throw new AirgapError('usage', 'bundle.yaml and the saved plan disagree', {
    given: different.map((field) => differenceText(field, saved[field], made[field])).join(', '),
    expected: 'the bundle file, chart and tool version that the plan was made with',
    next: 'give the flags that plan was given, or make the plan again: plan -f bundle.yaml -o FILE',
  });
}

/** `version "2.0.0" in place of "1.0.0"`; of what is no text or number the name alone. */
function differenceText(field: string, planned: unknown, found: unknown): string {
  const isShort = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  if (!isShort(planned) || !isShort(found)) return `other ${field}`;
  return `${field} ${JSON.stringify(found)} in place of ${JSON.stringify(planned)}`;
}

/** The `bundle.json` of a bundle is a plan too, and has a credential that no plan has, and sums with it. */
function asPlanned(inventory: Inventory): Inventory {
  if (!inventory.credentials) return inventory;
  const added = [sumsPath, credentialPaths[inventory.credentials]];
  return { ...inventory, files: inventory.files.filter(({ path }) => !added.includes(path)) };
}

/** Field order carries no meaning. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  );
}
