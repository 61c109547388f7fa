import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { ImageContents } from '../plan/map-edges.ts';
import type { Problem } from '../plan/problem.ts';
import type { AirgapError } from '../report/error.ts';
import type { ImageResult } from '../transfer/job.ts';
import type { CarriedFile, Override, Signature, Tool, Verb } from './report.ts';

/** What a run knows in its end; a report is made of that alone. */
export interface RunFacts {
  readonly verb: Verb;
  readonly at: Date;
  /** As it was carried out: with a site file its target and placements are that file's. */
  readonly inventory: Inventory;
  readonly bundle?: {
    /** As `verify` takes it, without its folder. */
    readonly file: string;
    readonly size: number;
    readonly inventoryDigest: Digest;
  };
  readonly signature: Signature;
  /** Beside those that the inventory tells of. */
  readonly overrides: readonly Override[];
  readonly problems?: readonly Problem[];
  /** Absent where the manifests were not at hand; an image that is not in it does not travel. */
  readonly contents?: ImageContents;
  /** By image as written, the places that name it. */
  readonly namedBy?: ReadonlyMap<string, readonly string[]>;
  /** Of `mirror` and `load`; one shard of a mirror has results of its own images alone. */
  readonly placed?: readonly ImageResult[];
  /** What failed, of images and of the run. */
  readonly errors: readonly AirgapError[];
  /** The target that was signed, where a site file names another. */
  readonly signedTarget?: string;
  readonly files: readonly CarriedFile[];
  readonly tools: readonly Tool[];
}
