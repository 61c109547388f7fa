import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { sha256Sums } from '../../src/bundle/sums.ts';
import { openVerified } from '../../src/bundle/verify.ts';
import { writeBundle } from '../../src/bundle/write.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import type { InventoryFile } from '../../src/plan/inventory.ts';
import { testContext, trust } from '../bundle/sample.ts';

/** By path; one of `null` is named in SHA256SUMS, but not there. */
export type Bodies = Map<string, Buffer | null>;

export interface Oddity {
  /** Changes them; SHA256SUMS is made afterwards. */
  files?(bodies: Bodies): void;
  /** Of SHA256SUMS. */
  sums?(text: string): string;
  /** bundle.json does not name SHA256SUMS. */
  readonly unnamedSums?: boolean;
}

/** Path of that bundle with other files, and with sums that fit them: whoever made it writes what they like. */
export async function oddBundle(from: string, folder: string, odd: Oddity): Promise<string> {
  const bundle = await openVerified(from, trust({ allowUnsigned: true }), testContext());
  const known = bundle.inventory.files;
  const bodies: Bodies = new Map();
  for (const { path } of known) bodies.set(path, await bundle.read(path));
  odd.files?.(bodies);
  const described = (path: string): InventoryFile => {
    const bytes = bodies.get(path) ?? Buffer.alloc(0);
    const mode = known.find((file) => file.path === path)?.mode ?? 0o644;
    return { path, size: bytes.length, sha256: hexOf(digestOf(bytes)), mode };
  };
  const listed = [...bodies.keys()].filter((path) => path !== 'SHA256SUMS').map(described);
  const sums = `${sha256Sums(listed)}`;
  bodies.set('SHA256SUMS', Buffer.from(odd.sums?.(sums) ?? sums));
  const there = [...bodies].flatMap(([path, bytes]) => (bytes ? [[path, bytes] as const] : []));
  const paths = there.map(([path]) => path);
  const named = paths.filter((path) => !(odd.unnamedSums && path === 'SHA256SUMS'));
  const out = join(await mkdtemp(join(folder, 'odd-')), 'odd.tar');
  await writeBundle(
    {
      inventory: { ...bundle.inventory, files: named.map(described) },
      files: new Map(there),
      readBlob: async ({ digest }) => ({
        status: 200,
        body: Readable.from([await bundle.readBlob(digest)]),
      }),
      out,
      concurrency: 1,
    },
    testContext(),
  );
  await bundle.close();
  return out;
}

/** Another value for a key of settings.tsv; a line more where it has none. */
export const setTo = (key: string, value: string) => (text: string) => {
  const line = new RegExp(`^${key}\t.*$`, 'm');
  const row = `${key}\t${value}`;
  return line.test(text) ? text.replace(line, () => row) : `${text}${row}\n`;
};
