import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** A typed, sized content address (image-spec, descriptor.md). Sizes are bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/**
 * The largest blob that is read whole into memory, bytes: a config or chart, or the content of an artifact that is
 * attached to another image, which oras does not move by itself.
 */
export const mostReadWhole = 32 * 1024 * 1024;

/** Bytes of all of them together. */
export function totalSize(contents: readonly { readonly size: number }[]): number {
  return contents.reduce((sum, { size }) => sum + size, 0);
}
