import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import { makeFolder } from '../disk/folder.ts';
import { holding, type Lock, takeLock } from '../disk/lock.ts';
import { asRecord, replaceFile } from '../disk/replace.ts';
import { basePath } from '../plan/repositories.ts';
import { AirgapError } from '../report/error.ts';

const recordSchema = z.strictObject({
  target: z.string(),
  name: z.string(),
  version: z.string(),
  sequence: z.number(),
  inventoryDigest: z.string(),
  overrides: z.array(z.string()),
});

/** What was loaded last, of one bundle name into one target. */
type InstalledRecord = z.infer<typeof recordSchema>;

/** A bundle with the target that it goes into. */
type Loaded = Pick<VerifiedBundle, 'inventory' | 'inventoryDigest'>;

/**
 * Keeps other loads of the same name into the same target out, as far as they remember in the same place: between the
 * look at what was loaded and the next record nothing must change.
 * @throws AirgapError locked; io where nothing can be remembered, before anything is loaded
 */
export async function whileNoOtherLoads<T>(
  bundle: Loaded,
  context: Context,
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  return holding(await lockRecord(bundle, context), work);
}

async function lockRecord(bundle: Loaded, context: Context): Promise<Lock> {
  const { name, target } = bundle.inventory;
  const what = `what is loaded of ${name} into ${basePath(target)}`;
  const path = `${recordPath(bundle, context)}.lock`;
  try {
    await makeFolder(stateHome(context), asRecord.modes.folder);
    return await takeLock({ path, what }, context);
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'io')) throw error;
    throw new AirgapError('io', 'what is loaded could not be remembered', {
      given: error.given,
      next: writableState,
      cause: error,
    });
  }
}

/**
 * Holds a bundle to what was loaded before it.
 * @returns the override that was used, in words
 * @throws AirgapError policy for a lower sequence, or the same name and version with other content
 */
export async function checkInstalled(
  bundle: Loaded,
  allowDowngrade: boolean,
  context: Context,
): Promise<string[]> {
  const installed = await readRecord(recordPath(bundle, context));
  const fault = installed && faultOf(bundle, installed);
  if (!fault) {
    tellUnknown(bundle, installed, context);
    return [];
  }
  if (allowDowngrade) return [`${fault.message}; allowed by an explicit override`];
  throw fault;
}

/** Where a downgrade could not be seen, that is said. */
function tellUnknown(
  { inventory: { name, version, sequence } }: Loaded,
  installed: InstalledRecord | undefined,
  { emit }: Context,
): void {
  if (!installed) {
    const message = `nothing is known here of an earlier load of ${name}: an older bundle could not be told`;
    emit({ kind: 'note', message });
    return;
  }
  if (installed.version === version || installed.sequence !== sequence) return;
  emit({
    kind: 'warning',
    message: `${name} ${version} has the sequence of ${installed.version}, which was loaded last: which is the newer one cannot be told`,
    cure: 'raise sequence in bundle.yaml with every version, or leave it out',
  });
}

/**
 * Remembers the bundle as loaded, with every override that let it pass.
 * @throws AirgapError locked when another load has had its turn since this one seemed dead; io
 */
export async function recordInstalled(
  bundle: Loaded,
  overrides: readonly string[],
  lock: Lock,
  context: Context,
): Promise<void> {
  await lock.check();
  const { inventory, inventoryDigest } = bundle;
  const { name, version, sequence } = inventory;
  const record: InstalledRecord = {
    target: basePath(bundle.inventory.target),
    name,
    version,
    sequence,
    inventoryDigest,
    overrides: [...overrides],
  };
  const path = recordPath(bundle, context);
  try {
    await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, asRecord);
  } catch (cause) {
    throw new AirgapError(
      'io',
      'the images are in the target, but what was loaded cannot be remembered',
      {
        given: cause instanceof AirgapError ? cause.given : path,
        next: writableState,
        cause,
      },
    );
  }
}

const writableState = 'set XDG_STATE_HOME to a folder that can be written, and run again';

function faultOf({ inventory, inventoryDigest }: Loaded, installed: InstalledRecord) {
  const { name, version, sequence } = inventory;
  if (sequence < installed.sequence) {
    const last = `${installed.version} with sequence ${installed.sequence}`;
    return new AirgapError(
      'policy',
      `the bundle is older than the one that was loaded last, ${last}`,
      {
        given: `${name} ${version}, sequence ${sequence}`,
        expected: `a sequence of at least ${installed.sequence}`,
        next: 'load the newer bundle, or allow this one with --allow-downgrade',
      },
    );
  }
  if (version !== installed.version || inventoryDigest === installed.inventoryDigest)
    return undefined;
  return new AirgapError('policy', `another bundle was loaded as ${name} ${version} before`, {
    given: `inventory ${inventoryDigest}`,
    expected: `inventory ${installed.inventoryDigest}, as loaded before`,
    next: 'give the new bundle a version of its own, or allow it with --allow-downgrade',
  });
}

async function readRecord(path: string): Promise<InstalledRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AirgapError('io', 'the record of what was loaded cannot be read', {
      given: path,
      next: 'delete it if you know what is in the target',
      cause,
    });
  }
}

function recordPath(bundle: Loaded, context: Context): string {
  const key = createHash('sha256')
    .update(`${basePath(bundle.inventory.target)}\n${bundle.inventory.name}`)
    .digest('hex');
  return join(stateHome(context), `${bundle.inventory.name}-${key.slice(0, 16)}.json`);
}

/** `$XDG_STATE_HOME/airgap-bundle` (XDG base directory specification). */
function stateHome({ env }: Context): string {
  const home = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local/state');
  return join(home, 'airgap-bundle');
}
