import { ClusterTools } from '../../src/cluster/tools.ts';
import type { Inventory } from '../../src/plan/inventory.ts';

/** A cluster that has only these objects, by `kind/name`, and whose kubectl prints this. */
export function clusterWith(objects: Readonly<Record<string, object>>, printed = ''): ClusterTools {
  const answers: Pick<ClusterTools, 'get' | 'kubectl'> = {
    get: async <Kind>(kind: string, name: string) => objects[`${kind}/${name}`] as Kind | undefined,
    kubectl: async () => printed,
  };
  return Object.assign(Object.create(ClusterTools.prototype), answers);
}

export const digest = `sha256:${'a'.repeat(64)}` as const;

/** Of an inventory what the checks of maps and pods read. */
export function inventoryOf(
  mirrorMap: string,
  images: Readonly<Record<string, readonly string[]>>,
  target: object = {},
): Inventory {
  const listed = Object.entries(images).map(([source, placements]) => ({
    source,
    digest,
    placements: placements.map((reference) => ({ reference })),
  }));
  const own = { endpoint: 'h.io', environment: 'airgap', mirrorMap, ...target };
  return { target: own, images: listed } as unknown as Inventory;
}
