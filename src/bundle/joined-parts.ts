import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../disk/failures.ts';
import type { Digest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { type OlderBundle, openOlder } from './reuse.ts';
import { isPartFileName, partFileName, planDigest } from './shard-part.ts';
import { readUnverified } from './verify.ts';
import { checkSize } from './volume-size.ts';

/** All parts of a plan as one: its blobs, and what planning it again reads. */
export interface JoinedParts extends OlderBundle {
  /** The first damage that was met: it is what failed, whatever became of it. */
  fault(): AirgapError | undefined;
}

/**
 * Opens the parts that `create --shard` wrote into a folder. The caller closes them.
 * @throws AirgapError usage for parts that are missing, of another plan, or there twice; integrity for damaged ones; io
 */
export async function openParts(folder: string, plan: Inventory): Promise<JoinedParts> {
  const names = (await namesIn(folder)).filter(isPartFileName).sort();
  const parts = [];
  for (const name of names) parts.push(await describePart(join(folder, name), plan));
  requireAll(folder, plan, parts);
  const open: OlderBundle[] = [];
  try {
    for (const { path } of parts) open.push(await openOlder(path));
    return joined(folder, open);
  } catch (error) {
    for (const part of open) await part.close();
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw diskError(folder, error);
  });
}

interface ShardPart {
  readonly path: string;
  readonly number: number;
  readonly count: number;
}

async function describePart(path: string, plan: Inventory): Promise<ShardPart> {
  const { shard } = await readPart(path);
  const expected = planDigest(plan);
  if (shard?.plan === expected) return { path, ...shard };
  throw new AirgapError('usage', 'a file that is no part of this plan', {
    given: `${path}: ${shard ? `of the plan ${shard.plan}` : 'a bundle'}`,
    expected: `parts of the plan ${expected} alone`,
    next: 'give the plan that the parts were made of, or take that file away',
  });
}

async function readPart(path: string): Promise<Inventory> {
  try {
    return (await readUnverified(path, [], checkSize)).inventory;
  } catch (error) {
    if (!(error instanceof AirgapError) || error.class !== 'integrity') throw error;
    const { given, expected } = error;
    throw new AirgapError('integrity', `a part is damaged: ${error.message}`, {
      given: given?.includes(path) ? given : `${path}: ${given}`,
      expected,
      next: 'bring it here again, or make it again with create --shard',
      cause: error,
    });
  }
}

function requireAll(folder: string, plan: Inventory, parts: readonly ShardPart[]): void {
  const [first] = parts;
  if (!first) throw noParts(folder, plan);
  for (const [at, { path, number, count }] of parts.entries()) {
    if (count !== first.count) throw otherCount(first, { path, number, count });
    const twin = parts.slice(0, at).find((one) => one.number === number);
    if (twin) throw twice(twin, path);
  }
  const numbers = Array.from({ length: first.count }, (_, at) => at + 1);
  const missing = numbers.filter((number) => parts.every((one) => one.number !== number));
  if (missing.length > 0) throw partsMissing(folder, plan, first.count, missing);
}

function noParts(folder: string, plan: Inventory): AirgapError {
  return new AirgapError('usage', 'there are no parts to join', {
    given: `${folder}: no file named *.shard-I-of-N.tar`,
    expected: `such as ${partFileName({ ...plan, number: 1, count: 3 })}`,
    next: 'make each with create --plan PLAN --shard I/N, and bring them into one folder',
  });
}

function otherCount(one: ShardPart, other: ShardPart): AirgapError {
  return new AirgapError('usage', 'the parts are of one plan, split in two ways', {
    given: `${one.path} (${one.number}/${one.count}) and ${other.path} (${other.number}/${other.count})`,
    expected: 'the parts of one N',
    next: 'take those of the other away',
  });
}

function twice({ path, number, count }: ShardPart, again: string): AirgapError {
  return new AirgapError('usage', 'a part is there twice', {
    given: `${path} and ${again}: ${number}/${count}`,
    expected: 'each part once',
    next: 'take one of them away',
  });
}

function partsMissing(
  folder: string,
  plan: Inventory,
  count: number,
  missing: readonly number[],
): AirgapError {
  const names = missing.map((number) => partFileName({ ...plan, number, count }));
  const others = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return new AirgapError('usage', 'parts are missing', {
    given: `${folder} lacks ${names.slice(0, 3).join(', ')}${others}`,
    expected: `all ${count} parts`,
    next: `make them with create --plan PLAN --shard ${missing[0]}/${count}`,
  });
}

function joined(path: string, parts: readonly OlderBundle[]): JoinedParts {
  let fault: AirgapError | undefined;
  const homeOf = (digest: Digest) => parts.find((part) => part.has(digest));
  const wrong = (at: string, digest: Digest) => {
    fault ??= lost(at, digest);
    return fault;
  };
  return {
    path,
    isComplete: true,
    has: (digest) => homeOf(digest) !== undefined,
    async find(digest) {
      const home = homeOf(digest);
      const bytes = await home?.find(digest);
      if (home && !bytes) throw wrong(home.path, digest);
      return bytes;
    },
    async take(blob, write) {
      const home = homeOf(blob.digest);
      if (await home?.take(blob, write)) return true;
      throw wrong(home?.path ?? path, blob.digest);
    },
    get taken() {
      return { bytes: parts.reduce((sum, { taken }) => sum + taken.bytes, 0), damaged: [] };
    },
    fault: () => fault,
    close: async () => {
      for (const part of parts) await part.close();
    },
  };
}

function lost(path: string, digest: Digest): AirgapError {
  return new AirgapError('integrity', 'a part is damaged', {
    given: `${path}: other bytes, or none`,
    expected: digest,
    next: 'bring it here again, or make it again with create --shard',
  });
}
