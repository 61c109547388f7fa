import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { CredentialOf } from '../registry/access.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { Places } from '../registry/places.ts';
import type { AirgapError } from '../report/error.ts';

/** An image and the references under which the target must have it. */
export interface TransferImage {
  /** As the user wrote it; names the image in events and results. */
  readonly source: string;
  /** Of the manifest or index that every placement must resolve to. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** `host/repository:tag`; the host is the target's. */
  readonly placements: readonly string[];
}

export interface TransferJob {
  /** In order: the first image that needs a shared blob brings it, later ones mount it. */
  readonly images: readonly TransferImage[];
  readonly target: RegistryClient;
  /** The exact bytes of any manifest or index of the images, nested ones included. */
  manifest(digest: Digest): Promise<{ readonly mediaType: string; readonly bytes: Buffer }>;
  readonly origin: Origin;
  /** `host/path`: at or under these nothing is ever written, the placement is proved by a HEAD. */
  readonly pullThrough: readonly string[];
  /** Whether a placement that resolves is asked for all that is below it; else it is believed to be whole. */
  readonly deep: boolean;
}

/** Where blobs come from. */
export type Origin = RegistriesOrigin | LayoutOrigin;

export interface RegistriesOrigin {
  readonly kind: 'registries';
  locate(image: TransferImage): { readonly client: RegistryClient; readonly repository: string };
  /** A blob that was read for the plan. */
  found?(digest: Digest): Buffer | undefined;
}

/** An OCI image layout in a tar, whose `index.json` lists every image and root. */
export interface LayoutOrigin {
  readonly kind: 'layout';
  readonly file: LayoutFile;
  /** Flat indexes that together name every image manifest. */
  readonly roots: readonly Descriptor[];
  /** Repository in the target that may hold the roots: `<base path>/bundles/<name>`. */
  readonly bundleRepository: string;
  /** Of the first root; further ones get `-2`, `-3` … */
  readonly tag: string;
  /** Any small blob of the bundle: pushed once to learn whether mounts work. */
  readonly smallBlob: { readonly digest: Digest; readonly bytes: Buffer };
  /** A blob that is in the tar, whole; for small ones. */
  read?(digest: Digest): Promise<Buffer> | undefined;
  /** In a delta: what is not in the tar, because an older bundle brought it into the target. */
  readonly base?: LayoutBase;
}

/**
 * The tar, read through the descriptor where there is /proc, so that a swapped file changes nothing; where oras cannot
 * read it so, as it lies in several files or leaves blobs to a base, what we serve of it.
 */
export type LayoutFile = { readonly fd: number; readonly path: string } | ServedByUs;

/** What oras reads through us, as a registry on the loopback address (loopback.ts). */
export interface ServedByUs {
  readonly server: Pick<RegistryClient, 'host' | 'access'>;
  readonly repository: string;
  /** Of the registry that we read it from: whoever reads from us takes one of these, and we none. */
  readonly places?: Places;
  /** Whether somebody waits for bytes that we have not got to give. */
  isBehind(): boolean;
}

/** The bundle that a delta builds on. */
export interface LayoutBase {
  readonly name: string;
  readonly version: string;
  readonly inventoryDigest: Digest;
  /** Where loading it put its blobs, if the registry does mounts. */
  readonly repository: string;
  readonly blobs: ReadonlySet<Digest>;
  /** Gets a repository that has it for each blob, once they are all found. */
  readonly homes: Map<Digest, string>;
  /** The layout with these blobs in it, read from their homes: for a target that does no mounts. */
  readonly whole: LayoutFile;
}

export interface TransferTools {
  /** Path of the oras executable, from `findOras`. */
  readonly oras: string;
  /** Undefined: anonymous. */
  readonly credential: CredentialOf;
  /** A private folder (0700) for oras's configuration; credentials in it are removed in the end. */
  readonly scratch: string;
  /** Whether oras may get the login of a plain-HTTP registry that is not on this machine. */
  readonly allowPlainHttpCredentials: boolean;
  /** How long a copy that may yet succeed is tried again from its first failure, milliseconds. Default ten minutes. */
  readonly retryBudgetMs?: number;
  /** How long a copy may move no byte that is owed, milliseconds. Default a minute. */
  readonly stallMs?: number;
}

export interface TransferResult {
  /** In the order of the job. */
  readonly images: readonly ImageResult[];
  /** Bytes of blobs that were uploaded. */
  readonly bytesSent: number;
}

export interface ImageResult {
  readonly source: string;
  readonly digest: Digest;
  readonly placements: readonly PlacementResult[];
}

/**
 * `there`: resolved already. `proved`: resolved through a pull-through cache. `placed`: mounted and tagged.
 * `copied`: blobs were uploaded for it.
 */
export type PlacementState = 'there' | 'placed' | 'copied' | 'proved' | 'failed';

export interface PlacementResult {
  readonly reference: string;
  readonly state: PlacementState;
  /** Present when failed. */
  readonly error?: AirgapError;
}
