import type { Context } from '../context.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { type Archive, layOut } from './archive.ts';
import { checkArchive } from './check-archive.ts';
import { readHead } from './head.ts';
import { parsePrintedInventory } from './inventory-lines.ts';
import type { PublicKey } from './keys.ts';
import { openVolume } from './open-volume.ts';
import { isPartFileName } from './shard-part.ts';
import { checkSignature, findKey, type Trust } from './trust.ts';
import { VerifiedBundle } from './verified-bundle.ts';
import type { Volume } from './volume.ts';

export type { Trust } from './trust.ts';

/**
 * Opens a bundle once and checks every byte of it: the signature over the raw `bundle.json` before anything is
 * parsed, then the dates, then each header, body, padding and the end against the inventory. What is returned reads
 * from that same open file. The caller closes it.
 * @throws AirgapError usage (no such file, no key), signature, policy (dates), integrity (any other byte), io
 */
export async function openVerified(
  path: string,
  trust: Trust,
  context: Context,
): Promise<VerifiedBundle> {
  return open(path, trust, (volume, archive) => checkArchive(volume, archive, context));
}

/** A bundle whose inventory is signed: what is read of it is checked then, and the rest may be damaged. */
export type SignedBundle = Pick<
  VerifiedBundle,
  'inventory' | 'inventoryDigest' | 'keyId' | 'warnings' | 'path' | 'size' | 'read' | 'close'
>;

/**
 * Opens a bundle and checks signature and dates, as `openVerified`, but no body: for who only wants to know what the
 * bundle says. The caller closes it.
 * @throws AirgapError usage, signature, policy, integrity (of inventory and signature), io
 */
export function openSigned(path: string, trust: Trust): Promise<SignedBundle> {
  return open(path, trust, async () => {});
}

async function open(
  path: string,
  trust: Trust,
  check: (volume: Volume, archive: Archive) => Promise<void>,
): Promise<VerifiedBundle> {
  requireKeys(trust);
  const volume = await openVolume(path);
  try {
    const head = await readHead(volume);
    if (!head.signature && isPartFileName(path)) throw notJoined(path);
    const { keyId, warnings } = checkSignature(head, trust);
    const inventory = parsePrintedInventory(head.inventory);
    refusePart(inventory, path);
    const archive = layOut(inventory, head);
    const allWarnings = [...warnings, ...checkDates(inventory, trust)];
    await check(volume, archive);
    const inventoryDigest = digestOf(head.inventory);
    return new VerifiedBundle({
      volume,
      archive,
      inventory,
      inventoryDigest,
      keyId,
      warnings: allWarnings,
    });
  } catch (error) {
    await volume.close();
    throw error;
  }
}

/** What a bundle says of itself. Nothing here may be acted upon: no body was checked. */
export interface UnverifiedBundle {
  readonly verified: false;
  readonly path: string;
  /** Of the file, bytes. */
  readonly size: number;
  /** What its size should be. */
  readonly sizeByInventory: number;
  readonly inventory: Inventory;
  readonly inventoryDigest: Digest;
  readonly signed: boolean;
  /** The one of the given keys whose signature over the inventory holds; null: none of them. */
  readonly keyId?: string | null;
}

/**
 * Reads the inventory for `inspect`, and asks the keys about it.
 * @param check looks at the file and what the inventory says of it, and throws
 * @throws AirgapError usage, integrity, io
 */
export async function readUnverified(
  path: string,
  keys: readonly PublicKey[] = [],
  check: (volume: Volume, archive: Archive) => void = () => {},
): Promise<UnverifiedBundle> {
  const volume = await openVolume(path);
  try {
    const head = await readHead(volume);
    const key = findKey(head, keys);
    const inventory = parsePrintedInventory(head.inventory);
    const archive = layOut(inventory, head);
    check(volume, archive);
    return {
      verified: false,
      path: volume.path,
      size: volume.size,
      sizeByInventory: archive.size,
      inventory,
      inventoryDigest: digestOf(head.inventory),
      signed: head.signature !== undefined,
      ...(keys.length > 0 ? { keyId: key?.keyId ?? null } : {}),
    };
  } finally {
    await volume.close();
  }
}

/** @throws AirgapError usage for what `create --shard` wrote */
export function refusePart({ shard }: Inventory, path: string): void {
  if (shard) throw notJoined(`${path}: shard ${shard.number}/${shard.count}`);
}

function notJoined(given: string): AirgapError {
  return new AirgapError('usage', 'a part of a bundle that is not joined yet', {
    given,
    expected: 'a whole bundle',
    next: 'join all parts: create -f bundle.yaml --plan PLAN --join FOLDER',
  });
}

function requireKeys({ keys, allowUnsigned }: Trust): void {
  if (keys.length > 0 || allowUnsigned) return;
  throw new AirgapError('usage', 'no public key was given to check the signature with', {
    expected: 'the .pub file of whoever made the bundle, had by another way than the bundle',
    next: 'give it with --key NAME.pub; to take a bundle that nobody has signed, --allow-unsigned',
  });
}

const day = 24 * 60 * 60 * 1000;

/** @returns warnings, where `allowExpired` lets pass what would be refused */
function checkDates(inventory: Inventory, { allowExpired, now }: Trust): string[] {
  const fault = clockFault(inventory, now) ?? expiry(inventory, now);
  if (!fault) return [];
  if (!allowExpired) throw fault;
  return [`${fault.message} (${fault.given}); allowed by an explicit override`];
}

function clockFault({ createdAt }: Inventory, now: Date): AirgapError | undefined {
  if (now.getTime() >= Date.parse(createdAt) - day) return undefined;
  return new AirgapError(
    'policy',
    "this host's clock is wrong: the bundle was made in its future",
    {
      given: `now ${now.toISOString()}`,
      expected: `not before ${createdAt}`,
      next: 'set the clock, or allow it explicitly with --allow-expired',
    },
  );
}

function expiry({ expiresAt }: Inventory, now: Date): AirgapError | undefined {
  if (expiresAt === undefined || now.getTime() < Date.parse(expiresAt)) return undefined;
  return new AirgapError('policy', 'the bundle has expired', {
    given: `expired ${expiresAt}, now ${now.toISOString()}`,
    expected: 'a bundle that has not',
    next: 'get a newer bundle, or allow this one explicitly with --allow-expired',
  });
}
