import { algorithmOf } from '../oci/digest.ts';
import { childrenFirst, type ImageGraph, leavesOf } from '../oci/graph.ts';
import { isForeign, references } from '../oci/manifest.ts';
import { error, type Problem } from './problem.ts';

/** What an image holds that cannot be carried over the gap, found before anything is copied. */
export function checkContents(image: string, graph: ImageGraph): Problem[] {
  return [...checkForeignLayers(image, graph), ...checkDigests(image, graph)];
}

/** Registries do not serve them: nodes fetch them from the internet (image-spec, layer.md, "Non-Distributable Layers"). */
function checkForeignLayers(image: string, graph: ImageGraph): Problem[] {
  const foreign = leavesOf(graph).flatMap(({ manifest }) => manifest.layers.filter(isForeign));
  const [first] = foreign;
  if (first === undefined) return [];
  const message = `${image} has a foreign layer, which no registry holds and every node fetches from elsewhere (${first.mediaType}, ${first.digest})`;
  const cure = 'keep only platforms without one (platforms: [linux/amd64]), or rebuild the image';
  return [error('foreign-layer', [image], message, cure)];
}

/** A layout's reader, oras and the hashing threads know sha256 alone. */
function checkDigests(image: string, graph: ImageGraph): Problem[] {
  const documents = childrenFirst(graph);
  const named = [graph.root, ...documents.flatMap(({ manifest }) => references(manifest))];
  const other = named.find(({ digest }) => algorithmOf(digest) !== 'sha256');
  if (other === undefined) return [];
  const message = `${image} holds content that is named by another digest than sha256 (${other.digest.slice(0, 24)}…)`;
  return [error('digest-algorithm', [image], message, 'build the image with sha256 digests')];
}
