import type { Context } from '../context.ts';
import { withScratch } from '../disk/scratch.ts';
import type { Inventory, InventoryImage } from '../plan/inventory.ts';
import type { AirgapError } from '../report/error.ts';
import { findOras } from '../transfer/find-oras.ts';
import type { ImageResult, TransferResult, TransferTools } from '../transfer/job.ts';
import type { Connections } from './connect.ts';

/** What `mirror` and `load` end with. */
export interface PlacedResult {
  readonly name: string;
  readonly version: string;
  readonly target: string;
  readonly images: readonly ImageResult[];
  /** Placements by state: `there`, `placed`, `copied`, `proved`, `failed`. */
  readonly counts: Readonly<Record<string, number>>;
  readonly errors: readonly AirgapError[];
  /** How many of `images` are attached to others. */
  readonly referrers: number;
  /** Images that no rule of the map covers, and that have no place in the target. */
  readonly leftOut: readonly string[];
}

/**
 * Gives `work` the mover and a private folder, and removes the folder whatever happens.
 * @param find finds the oras, and may put it into that folder
 */
export async function withTools<T>(
  logins: Omit<Connections, 'registries'>,
  context: Context,
  work: (tools: TransferTools) => Promise<T>,
  find: (scratch: string) => Promise<string> = () => findOras(context),
): Promise<T> {
  return withScratch(context.temporary, async (scratch) => {
    const oras = await find(scratch);
    return work({ ...logins, oras, scratch });
  });
}

export function placedResult(
  { name, version, target, images: planned }: Inventory,
  { images }: TransferResult,
): PlacedResult {
  const placements = images.flatMap((image) => image.placements);
  const counts: Record<string, number> = {};
  for (const { state } of placements) counts[state] = (counts[state] ?? 0) + 1;
  const errors = eachOnce(placements.flatMap(({ error }) => error ?? []));
  const isLeftOut = ({ placements, referrer }: InventoryImage) =>
    placements.length === 0 && !referrer;
  const leftOut = planned.filter(isLeftOut).map(({ source }) => source);
  const referrers = planned.filter(({ placements, referrer }) => placements.length > 0 && referrer);
  return {
    ...{ name, version, target: target.endpoint, images, counts, errors },
    ...{ referrers: referrers.length, leftOut },
  };
}

/** A registry that is down fails every placement in the same words. */
export function eachOnce(errors: readonly AirgapError[]): AirgapError[] {
  const wording = ({ class: name, message, given }: AirgapError) => `${name}\n${message}\n${given}`;
  return [...new Map(errors.map((error) => [wording(error), error])).values()];
}
