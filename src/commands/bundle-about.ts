import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { type DeltaBase, savedBase } from './delta-base.ts';

/** What stands in a comparison for a bundle. */
export interface BundleAbout {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly isExpired: boolean;
  /** Of its `bundle.json`. */
  readonly digest: Digest;
  readonly signed: boolean;
  /** Whether the signature over its inventory holds by a given key; its bodies were not read. */
  readonly verified: boolean;
  readonly keyId: string | null;
  /** Of the whole file, by its inventory, bytes. */
  readonly size: number;
  /** Number of images. */
  readonly images: number;
  /** Whether the images are in it: all of them, what its base lacks, or none. */
  readonly carries: 'all' | 'delta' | 'none';
  /** What a delta builds on. */
  readonly base: DeltaBase['about'] | null;
}

/** What was opened, and how far it is to be believed. */
export interface Opened {
  readonly path: string;
  readonly inventory: Inventory;
  readonly inventoryDigest: Digest;
  readonly size: number;
  readonly signed: boolean;
  readonly keyId: string | undefined;
}

export function aboutBundle(opened: Opened, now: Date): BundleAbout {
  const { path, inventory, inventoryDigest: digest, size, signed, keyId } = opened;
  const { name, version, sequence, createdAt, expiresAt, imagesNotEmbedded, base } = inventory;
  return {
    path,
    name,
    version,
    sequence,
    createdAt,
    expiresAt: expiresAt ?? null,
    isExpired: expiresAt !== undefined && now.getTime() >= Date.parse(expiresAt),
    digest,
    signed,
    verified: keyId !== undefined,
    keyId: keyId ?? null,
    size,
    images: inventory.images.length,
    carries: imagesNotEmbedded ? 'none' : base ? 'delta' : 'all',
    base: savedBase(inventory)?.about ?? null,
  };
}
