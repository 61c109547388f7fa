import type { ClusterTools } from '../cluster/tools.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { type Check, check, ok, skipped, warning } from './check.ts';
import type { ReleaseName } from './release.ts';

/** `installed`: the note that install.sh leaves beside the release names this very bundle. */
export function installedCheck(
  cluster: ClusterTools,
  { namespace }: ReleaseName,
  { name, version, sequence }: Inventory,
  inventoryDigest: Digest,
): Promise<Check> {
  return check('installed', async () => {
    const note = await cluster.get<Note>('configmap', 'airgap-bundle', namespace);
    const line = note?.data?.[name];
    if (line === undefined)
      return skipped(`install.sh has left no note of ${name} in ${namespace}`);
    if (line === `${sequence} ${version} ${inventoryDigest}`)
      return ok(`${name} ${version}, sequence ${sequence}`);
    const [otherSequence, otherVersion] = line.split(' ');
    return warning(
      `the cluster has ${name} ${otherVersion}, sequence ${otherSequence}; this bundle is ${version}, sequence ${sequence}`,
      'run doctor with the bundle that is installed, or install this one',
    );
  });
}

interface Note {
  readonly data?: Readonly<Record<string, string>>;
}
