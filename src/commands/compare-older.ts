import { resolve } from 'node:path';
import { readUnverified } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import { compare, type Difference } from '../plan/difference.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';

/** What installing a bundle in place of an older one changes. */
export interface Changes extends Difference {
  /** The older one; nothing of it was verified. */
  readonly since: Pick<Inventory, 'name' | 'version' | 'sequence' | 'createdAt'>;
}

/**
 * The inventory of a bundle to compare with. Who only wants to know what changed gets a warning where there is none,
 * as in the first run of all.
 */
export async function readOlder(
  path: string,
  { cwd, emit }: Pick<Context, 'cwd' | 'emit'>,
): Promise<Inventory | undefined> {
  try {
    return (await readUnverified(resolve(cwd, path))).inventory;
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    const message = `there is nothing to compare with: ${error.message} (${error.given ?? path})`;
    emit({ kind: 'warning', message });
    return undefined;
  }
}

export function changesSince(older: Inventory, newer: Inventory): Changes {
  const { name, version, sequence, createdAt } = older;
  return { since: { name, version, sequence, createdAt }, ...compare(older, newer) };
}
