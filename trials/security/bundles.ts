import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeKey, type KeyType, type PublicKey } from '../../src/bundle/keys.ts';
import type { Signer } from '../../src/bundle/sign.ts';
import type { Trust } from '../../src/bundle/verify.ts';
import { openVerified } from '../../src/bundle/verify.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { AirgapError, type ErrorClass } from '../../src/report/error.ts';
import { sample, testContext, trust, write } from '../../test/bundle/sample.ts';

export interface Pair {
  readonly key: PublicKey;
  readonly signer: Signer;
}

export function makePair(type: KeyType = 'ed25519'): Pair {
  const { publicKey, privateKey } =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = describeKey(publicKey, 'made here');
  const algorithm = type === 'ed25519' ? null : 'sha256';
  return {
    key,
    signer: { keyId: key.keyId, type, sign: (bytes) => sign(algorithm, bytes, privateKey) },
  };
}

/** What a bundle was opened to: its name, or why not. */
export type Outcome = 'accepted' | ErrorClass;

/** Bundles of a trial, in a folder of their own that is there from the first use until `close`. */
export class Workshop {
  #folder: Promise<string> | undefined;

  async at(name: string): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'airgap-trial-'));
    return join(await this.#folder, name);
  }

  /** The bytes of a small signed bundle: files, a few blobs, one of them the size of a block. */
  async make(pair: Pair | undefined, change: Partial<Inventory> = {}): Promise<Buffer> {
    const path = await this.at('made.tar');
    const blobs = ['manifest', 'layer '.repeat(100), 'x'.repeat(512)].map((text) =>
      Buffer.from(text),
    );
    await write(sample(blobs, change), path, pair ? { sign: pair.signer } : {});
    return readFile(path);
  }

  /** Anything but a refusal by class is thrown. */
  async open(bytes: Uint8Array, given: Partial<Trust>, name = 'tried.tar'): Promise<Outcome> {
    const path = await this.at(name);
    await writeFile(path, bytes);
    return outcomeOf(path, given);
  }

  close = async (): Promise<void> => {
    const folder = await this.#folder;
    this.#folder = undefined;
    if (folder) await rm(folder, { recursive: true, force: true });
  };
}

export async function outcomeOf(path: string, given: Partial<Trust>): Promise<Outcome> {
  try {
    const bundle = await openVerified(path, trust(given), testContext());
    await bundle.close();
    return 'accepted';
  } catch (error) {
    if (error instanceof AirgapError) return error.class;
    throw error;
  }
}
