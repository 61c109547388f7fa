import { mostReadWhole } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { childrenFirst, type ImageGraph } from '../oci/graph.ts';
import { references } from '../oci/manifest.ts';
import { formatBytes } from '../report/units.ts';
import type { PlannedImage } from './plan.ts';
import { error, type Problem } from './problem.ts';

/**
 * Images with large blobs that are attached to something that does not travel (image-spec, manifest.md, "subject").
 * oras, which moves large blobs, follows a manifest to the one that it is attached to, and fails where that is not in
 * the bundle; smaller blobs go without oras then (transfer/small-blobs.ts).
 */
export function checkSubjects(images: readonly PlannedImage[]): Problem[] {
  const carried = new Set(images.flatMap(({ graph }) => [...graph.documents.keys()]));
  return images.flatMap((image) => checkSubject(image, carried));
}

function checkSubject(
  { entry: { source }, reference: { registry, repository }, graph }: PlannedImage,
  carried: ReadonlySet<Digest>,
): Problem[] {
  if (!hasLargeBlob(graph)) return [];
  const subject = childrenFirst(graph)
    .map(({ manifest }) => manifest.subject)
    .find((one) => one !== undefined && !carried.has(one.digest));
  if (subject === undefined) return [];
  const message = `${source} has a blob over ${formatBytes(mostReadWhole)} and is attached to ${subject.digest}, which is not among the images: it could not be loaded`;
  const cure = `add ${registry}/${repository}@${subject.digest} to the images, or leave this one out`;
  return [error('subject-missing', [source], message, cure)];
}

function hasLargeBlob(graph: ImageGraph): boolean {
  return childrenFirst(graph)
    .filter(({ manifest }) => manifest.kind === 'manifest')
    .some(({ manifest }) => references(manifest).some(({ size }) => size > mostReadWhole));
}
