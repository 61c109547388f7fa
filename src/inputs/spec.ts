import type { MirrorMap } from '../mirror-map/map.ts';
import type { Platform } from '../oci/platform.ts';
import type { Place } from '../report/error.ts';
import type { ImageSource } from './image-source.ts';
import type { BundleLock } from './lock-file.ts';

/** What the user asked for, read from bundle.yaml, variables and flags, checked and with absolute paths. */
export interface BundleSpec {
  /** Absolute folder that paths in bundle.yaml start from; state lies in its `.airgap-bundle/`. */
  readonly folder: string;
  /** Absolute path of the lock file, which may not be there. */
  readonly lockPath: string;
  /** What is in it: the digests to which the images are held. */
  readonly lock?: BundleLock;
  readonly name: string;
  readonly version: string;
  readonly environment: 'airgap' | 'non-airgap';
  readonly target: TargetSpec;
  readonly imageSwap: {
    /** Absolute path, or an `oci://` reference. */
    readonly chart?: string;
    readonly initImage?: string;
    readonly image?: string;
    readonly isEKSCluster?: boolean;
  };
  readonly images: readonly ListedImage[];
  /** Where more images are found. */
  readonly imageSources: readonly ImageSource[];
  /** What `plan` holds the bundle to: images that these name and the bundle lacks are told. */
  readonly covers: readonly ImageSource[];
  /** Empty: all. */
  readonly platforms: readonly Platform[];
  /** Whether what is attached to an image travels with it. */
  readonly referrers: boolean;
  /** By host, the target among them. */
  readonly registries: Readonly<Record<string, RegistryAccess>>;
  readonly signing?: { readonly key: string } | { readonly unsigned: true };
  readonly pullThrough: readonly string[];
  /** How long a request or copy that may yet succeed is tried again from its first failure, milliseconds. */
  readonly retryBudgetMs?: number;
  /** Programs that the bundle carries for hosts behind the gap. */
  readonly tools: readonly CarriedTool[];
  /** How the cluster's pull credential travels; absent: not in the bundle. */
  readonly credentials?: 'embed' | { readonly age: readonly string[] };
  readonly sequence?: number;
  /** RFC 3339 in UTC. */
  readonly expires?: string;
}

/** The `ociImageRegistry` section: what Secret and values carry. */
export interface TargetSpec {
  readonly endpoint: string;
  readonly name: string;
  readonly baseContentPath: string;
  readonly insecureSkipVerify: boolean;
  /** PEM. */
  readonly caCert?: string;
  /** As the user wrote it; the entries of a list or file joined by commas. */
  readonly mirrorRegistries: string;
  readonly mirrorMap: MirrorMap;
  /** Where the map is written; its entries' lines count from there. */
  readonly mapPlace?: Place;
}

export interface ListedImage {
  /** As written. */
  readonly image: string;
  /** Where it was written: `images[0]`, `images.txt:3`, `web.yaml:12 Pod web spec.containers[0].image`. */
  readonly origin: string;
  /** The same for machines, where it is a line of a file. */
  readonly place?: Place;
}

export interface CarriedTool {
  /** `os/architecture`. */
  readonly platform: string;
  /** Absolute path of the oras for it; absent: the one that is used here. */
  readonly oras?: string;
}

/** How one registry is reached from here (`registries."<host>"` in bundle.yaml). */
export interface RegistryAccess {
  readonly plainHttp?: boolean;
  readonly insecureSkipVerify?: boolean;
  /** PEM; trusted for this host, beside the system's authorities. */
  readonly caCert?: string;
  /** `host` or `host/path` that is asked in place of this registry. */
  readonly mirror?: string;
  /** Requests and open blob bodies at a time. Default 8. */
  readonly maxConcurrent?: number;
}
