import { basename } from 'node:path';
import type { WrittenFile } from '../commands/bundle-files.ts';
import type { CreateResult } from '../commands/create.ts';
import { contentsOfPlan } from '../commands/image-contents.ts';
import type { InspectResult } from '../commands/inspect.ts';
import type { LoadResult } from '../commands/load.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import type { PlacedResult } from '../commands/transferring.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import type { ImageContents } from '../plan/map-edges.ts';
import type { RunFacts } from './facts.ts';
import { override } from './overrides.ts';
import type { Override, Signature, Tool } from './report.ts';

/** What each of the verbs knows in its end, as a report takes it. */
export interface RunAt {
  readonly at: Date;
  readonly tools: readonly Tool[];
}

/** Without what failed beside it. @param files what is to be carried */
export function factsOfCreate(
  prepared: PlannedBundle,
  { bundle, size, keyId, inventoryDigest, inventory }: CreateResult,
  files: readonly WrittenFile[],
  run: RunAt,
): RunFacts {
  return {
    verb: 'create',
    ...run,
    ...planned(prepared),
    inventory,
    bundle: { file: basename(bundle), size, inventoryDigest },
    signature: { state: keyId ? 'signed' : 'unsigned', keyId },
    errors: [],
    files,
  };
}

/** @param prepared the whole plan, where the run mirrored one shard of it too */
export function factsOfMirror(
  prepared: PlannedBundle,
  { images, errors }: Pick<PlacedResult, 'images' | 'errors'>,
  run: RunAt,
): RunFacts {
  return {
    verb: 'mirror',
    ...run,
    ...planned(prepared),
    inventory: prepared.inventory,
    signature: { state: 'no-bundle', keyId: null },
    placed: images,
    errors,
    files: [],
  };
}

function planned({ spec, problems, coverage, images, inventory }: PlannedBundle) {
  return {
    overrides: specOverrides(spec),
    problems,
    contents: contentsOfPlan({ images, inventory }),
    namedBy: new Map(coverage.images.map(({ image, askedForBy }) => [image, askedForBy])),
  };
}

/** Of the target the inventory tells. */
function specOverrides({ registries, target, referrers }: PlannedBundle['spec']): Override[] {
  const sources = Object.entries(registries).filter(([host]) => host !== target.endpoint);
  return [
    ...sources.flatMap(([host, { insecureSkipVerify, plainHttp }]) => [
      ...(insecureSkipVerify
        ? [override('certificate', `the certificate of ${host} was not checked`)]
        : []),
      ...(plainHttp ? [override('plain-http', `${host} was read unencrypted`)] : []),
    ]),
    ...(referrers
      ? []
      : [override('referrers', 'signatures and SBOMs that are attached to images were left out')]),
  ];
}

/** A bundle as a run opened it. */
export interface OpenedBundle {
  /** As it was carried out. */
  readonly inventory: Inventory;
  readonly inventoryDigest: Digest;
  readonly path: string;
  readonly size: number;
  readonly isSigned: boolean;
  readonly keyId: string | null;
  readonly contents: ImageContents | undefined;
}

export function factsOfLoad(
  opened: OpenedBundle,
  { images, errors, overrides, site }: LoadResult,
  run: RunAt,
): RunFacts {
  const { keyId, isSigned } = opened;
  const state = keyId ? 'verified' : isSigned ? 'unchecked' : 'unsigned';
  return {
    verb: 'load',
    ...run,
    ...bundleFacts(opened),
    signature: { state, keyId },
    overrides: overrides.map((message) => override('let-pass', message)),
    placed: images,
    errors,
    ...(site ? { signedTarget: site.signedTarget } : {}),
  };
}

export function factsOfInspect(
  inspected: InspectResult,
  contents: ImageContents | undefined,
  run: RunAt,
): RunFacts {
  const { inventory, inventoryDigest, path, sizeByInventory: size } = inspected;
  const { state, keyId } = signatureOf(inspected);
  const opened = { inventory, inventoryDigest, path, size, contents };
  return {
    verb: 'inspect',
    ...run,
    ...bundleFacts({ ...opened, isSigned: inspected.signed, keyId }),
    signature: { state, keyId },
    overrides: [],
    errors: [],
  };
}

function signatureOf({ signed, revoked, keyId }: InspectResult): Signature {
  if (!signed) return { state: 'unsigned', keyId: null };
  if (keyId === undefined) return { state: 'unchecked', keyId: null };
  if (keyId === null) return { state: 'other-key', keyId };
  return { state: revoked ? 'revoked' : 'verified', keyId };
}

function bundleFacts({ inventory, inventoryDigest, path, size, contents }: OpenedBundle) {
  return {
    inventory,
    bundle: { file: basename(path), size, inventoryDigest },
    ...(contents ? { contents } : {}),
    files: [],
  };
}
