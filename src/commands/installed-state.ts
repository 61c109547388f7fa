import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
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

/**
 * Holds a bundle to what was loaded before it.
 * @returns the override that was used, in words
 * @throws AirgapError policy for a lower sequence, or the same name and version with other content
 */
export async function checkInstalled(
  bundle: VerifiedBundle,
  allowDowngrade: boolean,
  context: Context,
): Promise<string[]> {
  const installed = await readRecord(recordPath(bundle, context));
  const fault = installed && faultOf(bundle, installed);
  if (!fault) return [];
  if (allowDowngrade) return [`${fault.message}; allowed by an explicit override`];
  throw fault;
}

/** Remembers the bundle as loaded, with every override that let it pass. */
export async function recordInstalled(
  bundle: VerifiedBundle,
  overrides: readonly string[],
  context: Context,
): Promise<void> {
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
    await mkdir(stateHome(context), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.partial`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    await rename(`${path}.partial`, path);
  } catch (cause) {
    throw new AirgapError(
      'io',
      'the images are in the target, but what was loaded cannot be remembered',
      {
        given: `${path}: ${(cause as NodeJS.ErrnoException).code}`,
        next: 'set XDG_STATE_HOME to a folder that can be written, and run again',
        cause,
      },
    );
  }
}

function faultOf({ inventory, inventoryDigest }: VerifiedBundle, installed: InstalledRecord) {
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

function recordPath(bundle: VerifiedBundle, context: Context): string {
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
