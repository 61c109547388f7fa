import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/**
 * `bundle.json`: plan, lock file and signed document in one. It names every image at its digest, every
 * placement, and every byte of the bundle in archive order. The fields are described in `docs/bundle-format.md`.
 */
export interface Inventory {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: string;
  /** Grows from bundle to bundle; a lower one than the installed is a downgrade. */
  readonly sequence: number;
  /** RFC 3339 in UTC with whole seconds, `2026-11-22T16:00:00Z`. */
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly target: InventoryTarget;
  /** Platforms kept, `os/architecture[/variant]`; empty: all. */
  readonly platforms: readonly string[];
  /** The flat index over all image manifests; absent when no image is embedded. */
  readonly root?: Descriptor;
  /** Further flat indexes, when one would be over 3 MiB. */
  readonly moreRoots?: readonly Descriptor[];
  readonly images: readonly InventoryImage[];
  /** Everything in the archive but `bundle.json`, `bundle.sig` and `blobs/`, in archive order. */
  readonly files: readonly InventoryFile[];
  /** Manifests first, then configs and layers, each once, in archive order. */
  readonly blobs: readonly InventoryBlob[];
  readonly chart?: { readonly name: string; readonly version: string; readonly digest: Digest };
  /** True in a bundle made `--without-images`: its images must be in the target already. */
  readonly imagesNotEmbedded?: true;
  /** How the cluster's pull credential is in it; absent: it is not. */
  readonly credentials?: 'embed' | 'age';
  /** In a delta: the bundle that it builds on. */
  readonly base?: InventoryBase;
  /** Only in a part that `create --shard` wrote: no bundle has it. */
  readonly shard?: InventoryShard;
}

/** Which part of which bundle a part file is. */
export interface InventoryShard {
  /** Of the bytes of the plan, as `plan -o` writes it. */
  readonly plan: Digest;
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

/** The older bundle of a delta, made for the same target, and what of it the delta's images need. */
export interface InventoryBase {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** Of the exact bytes of its `bundle.json`. */
  readonly inventoryDigest: Digest;
  /** Configs and layers that are left out here, because they must be in the target already. */
  readonly blobs: readonly InventoryBlob[];
}

export interface InventoryTarget {
  /** `host[:port]`. */
  readonly endpoint: string;
  readonly baseContentPath: string;
  readonly plainHttp: boolean;
  readonly insecureSkipVerify: boolean;
  /** PEM. */
  readonly caCert?: string;
  /** The effective map in line form, normalised. */
  readonly mirrorMap: string;
  readonly environment: 'airgap' | 'non-airgap';
  /** Target paths that cannot be pushed to: proved by a HEAD, never written. */
  readonly pullThrough?: readonly string[];
}

export interface InventoryImage {
  /** The reference as the user wrote it. */
  readonly source: string;
  /** What every placement resolves to. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest or index itself. */
  readonly size: number;
  /** Platforms carried, `os/architecture[/variant]`. */
  readonly platforms: readonly string[];
  readonly placements: readonly Placement[];
  /** Whether the source was named by tag (resolved now) or by digest (fixed by its author). */
  readonly pinnedBy: 'tag' | 'digest';
  /** The source's digest, where a platform filter made a smaller index or chose one manifest. */
  readonly originalDigest?: Digest;
  /** Of what travels because it is attached to an image: a signature, an attestation, an SBOM. */
  readonly referrer?: InventoryReferrer;
}

export interface InventoryReferrer {
  /** What it is attached to: an image, a manifest in one, or another referrer. */
  readonly subject: Digest;
  /** The images of its source repository that it travels with, and beside which it is placed. */
  readonly images: readonly Digest[];
  /** What its manifest says that it is; of what lies under cosign's tags the media type of the first layer. */
  readonly artifactType?: string;
}

export interface Placement {
  /** Full reference in the target, `host/repository:tag` (a digest reference has its `airgap-…` tag). */
  readonly reference: string;
  readonly askedForBy: 'webhook' | 'containerd' | 'both';
}

export interface InventoryFile {
  readonly path: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Permission bits, 0o644 or 0o755. */
  readonly mode: number;
}

export interface InventoryBlob {
  readonly digest: Digest;
  readonly size: number;
}
