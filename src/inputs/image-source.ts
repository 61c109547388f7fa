import { resolve } from 'node:path';
import type { ImageItem } from './image-item.ts';

/** Where images are found, as an item of `images:` says it. */
export type ImageSource = ManifestSource;

interface Source {
  /** Of bundle.yaml: `images[2].manifests`. */
  readonly field: string;
  /** Whether what was found by its shape alone is taken too. */
  readonly takesSuspected: boolean;
}

interface FileSource extends Source {
  /** Absolute. */
  readonly path: string;
  /** As written. */
  readonly name: string;
}

/** Manifests: a file, a folder, or `-` for standard input. */
export interface ManifestSource extends FileSource {
  readonly kind: 'manifests';
}

/** A checked item with absolute paths. */
export function readImageSource(item: ImageItem, index: number, folder: string): ImageSource {
  const at = (kind: string) => ({
    field: `images[${index}].${kind}`,
    takesSuspected: item.suspected === true,
  });
  const file = (kind: string, written: string) => ({
    ...at(kind),
    name: written,
    path: isNoPath(written) ? written : resolve(folder, written),
  });
  return { kind: 'manifests', ...file('manifests', item.manifests) };
}

function isNoPath(written: string): boolean {
  return written === '-' || written.startsWith('oci://');
}
