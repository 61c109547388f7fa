import type { Context } from '../context.ts';
import type { ImageSource } from '../inputs/image-source.ts';
import type { Registries } from '../registry/client.ts';
import { findInChart } from './charts.ts';
import { findInCluster } from './cluster.ts';
import { findInContainerd } from './containerd.ts';
import type { Found } from './found.ts';
import { findInManifests } from './manifests.ts';
import { findInToolFile } from './tool-files.ts';

/**
 * Looks a source through. Mistakes in what it holds are in the answer, so that those of all sources are told at once.
 * @throws AirgapError for a source that cannot be read
 */
export async function findInSource(
  source: ImageSource,
  registries: Registries,
  context: Context,
): Promise<Found> {
  if (source.kind === 'chart') return findInChart(source, registries, context);
  if (source.kind === 'cluster') return findInCluster(source, context);
  if (source.kind === 'containerd') return findInContainerd(source);
  if (source.kind === 'manifests') return findInManifests(source, context);
  return findInToolFile(source);
}
