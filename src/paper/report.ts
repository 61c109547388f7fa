import type { Digest } from '../oci/digest.ts';
import type { Inventory, InventoryTarget, Placement } from '../plan/inventory.ts';
import type { MapEdge } from '../plan/map-edges.ts';
import type { Problem } from '../plan/problem.ts';
import type { errorJson } from '../report/error-text.ts';
import type { PlacementState } from '../transfer/job.ts';

/** `report.json`, whose fields are told in `docs/report.md`; the other forms show the same. What is null is not known. */
export interface Report {
  readonly schemaVersion: 1;
  readonly verb: Verb;
  /** RFC 3339 in UTC, whole seconds. */
  readonly at: string;
  readonly verdict: Verdict;
  readonly bundle: ReportBundle;
  readonly target: ReportTarget;
  readonly signature: Signature;
  readonly overrides: readonly Override[];
  /** Null where the run did not plan: a bundle does not say what was warned of when it was planned. */
  readonly problems: readonly Problem[] | null;
  /** What failed, of images and of the run. */
  readonly errors: readonly ReturnType<typeof errorJson>[];
  readonly sums: Sums;
  /** The largest first. */
  readonly registries: readonly RegistryShare[];
  readonly map: readonly MapEdge[];
  /** Blobs that more than one image needs, those that save most first. */
  readonly shared: readonly SharedBlob[] | null;
  readonly images: readonly ReportImage[];
  /** What is to be carried. */
  readonly files: readonly CarriedFile[];
  /** Files in the bundle beside the images. */
  readonly contents: readonly {
    readonly path: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  readonly tools: readonly Tool[];
  readonly checks: readonly Check[];
}

export type Verb = 'create' | 'mirror' | 'load' | 'inspect';

export interface Verdict {
  /** `bad`: do not use it as it is. `attention`: somebody has to agree to what the points say. */
  readonly state: 'good' | 'attention' | 'bad';
  readonly title: string;
  readonly points: readonly string[];
}

export interface ReportBundle {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** When the report was made. */
  readonly isExpired: boolean;
  /** Whether the images are in it: all of them, what its base lacks, or none; null where no bundle was made. */
  readonly carries: 'all' | 'delta' | 'none' | null;
  readonly base: Omit<NonNullable<Inventory['base']>, 'blobs'> | null;
  readonly credentials: 'embed' | 'age' | null;
  readonly chart: NonNullable<Inventory['chart']> | null;
  /** Of `bundle.json`; null where no bundle was made. */
  readonly inventoryDigest: Digest | null;
  /** Bytes of the whole bundle. */
  readonly size: number | null;
  /** Who made it. */
  readonly tool: Inventory['tool'];
}

export interface ReportTarget
  extends Pick<InventoryTarget, 'plainHttp' | 'insecureSkipVerify' | 'environment' | 'mirrorMap'> {
  /** `host[:port][/base path]`. */
  readonly path: string;
  /** Sha256 of the PEM text. */
  readonly caCert: Digest | null;
  readonly pullThrough: readonly string[];
  /** The target that was signed, where a site file names another. */
  readonly signedTarget: string | null;
}

/**
 * `verified`: a key that was given holds. `unchecked`: there is one, and no key was given. `other-key`: none of the given
 * keys made it. `no-bundle`: a mirror makes none.
 */
export interface Signature {
  readonly state:
    | 'signed'
    | 'verified'
    | 'unsigned'
    | 'unchecked'
    | 'other-key'
    | 'revoked'
    | 'no-bundle';
  readonly keyId: string | null;
}

/** What somebody has switched off on purpose. */
export interface Override {
  readonly kind:
    | 'unsigned'
    | 'certificate'
    | 'plain-http'
    | 'credential'
    | 'referrers'
    | 'let-pass';
  readonly message: string;
}

export interface Sums {
  /** Of the list; what is attached to them is not counted. */
  readonly images: number;
  readonly attached: number;
  /** Images of the list that no rule of the map covers. */
  readonly leftOut: number;
  readonly placements: number;
  /** Of `mirror` and `load`: placements by state. Those that are missing here were not this run's to place. */
  readonly states: Readonly<Partial<Record<PlacementState, number>>> | null;
  readonly platforms: readonly string[];
  /** Bytes of blobs in the bundle, or of those that a mirror may have to send. */
  readonly carried: number;
  /** Bytes of blobs that a delta leaves to its base. */
  readonly leftToBase: number;
  /** Bytes of all that the images need, each blob once. */
  readonly unique: number | null;
  /** Bytes that the images would be, each by itself. */
  readonly apart: number | null;
}

export interface RegistryShare {
  /** `host[:port]`; empty where no grammar accepts the image. */
  readonly registry: string;
  readonly images: number;
  /** What the first image to need a blob brings counts for its registry: the sum is that of all. */
  readonly bytes: number | null;
}

export interface SharedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly images: number;
}

export interface ReportImage {
  /** As written. */
  readonly source: string;
  readonly registry: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** The source's digest, where a platform filter made another. */
  readonly originalDigest: Digest | null;
  readonly platforms: readonly string[];
  readonly pinnedBy: 'tag' | 'digest';
  readonly size: ImageSize | null;
  /** Places that name the image; null where that is not recorded. */
  readonly namedBy: readonly string[] | null;
  readonly placements: readonly ReportPlacement[];
  readonly attached: readonly AttachedImage[];
}

/** Bytes of manifests, configs and layers. */
export interface ImageSize {
  readonly whole: number;
  /** Of those that no other image of the list has. */
  readonly own: number;
}

export interface ReportPlacement extends Placement {
  readonly state: PlacementState | null;
  /** Why it failed. */
  readonly error: string | null;
}

/** A signature, an attestation, an SBOM: below the first image that it travels with. */
export interface AttachedImage
  extends Pick<ReportImage, 'source' | 'digest' | 'mediaType' | 'size' | 'placements'> {
  readonly subject: Digest;
  readonly artifactType: string | null;
}

export interface CarriedFile {
  /** Without its folder. */
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Tool {
  readonly name: string;
  readonly version: string;
}

/** A command line with which whoever reads the report sees for himself. */
export interface Check {
  readonly what: string;
  readonly command: string;
}
