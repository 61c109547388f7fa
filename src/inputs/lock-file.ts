import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Digest, isDigest } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import { unreadable } from './files.ts';

/** `bundle.lock`: what every image was when it was locked, and when the bundle was made of it. */
export type BundleLock = z.infer<typeof lockSchema>;
/** What one image was, and where that was seen. */
export type LockedImage = BundleLock['images'][number];
/** Something that was attached to an image. */
export type LockedReferrer = NonNullable<BundleLock['referrers']>[number];

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
  error: 'not a digest, sha256:… or sha512:…',
});

const cosignTag = /^sha256-[0-9a-f]{64}\.(?:sig|att|sbom)$/;

const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  /** Of the bundle that `createdAt` and `sequence` are of. */
  name: z.string(),
  version: z.string(),
  /** RFC 3339 in UTC with whole seconds. */
  createdAt: z.iso.datetime(),
  sequence: z.int().min(0),
  /** In the order of their names. */
  images: z.array(
    z.strictObject({
      /** As written in bundle.yaml or its lists. */
      image: z.string(),
      /** Of the index or manifest at the source. */
      digest,
      /** Of the manifest for each platform that the bundle takes. */
      platforms: z.record(z.string(), digest).optional(),
      resolvedAt: z.iso.datetime(),
      /** `host/repository` that was asked. */
      from: z.string(),
    }),
  ),
  /** What was attached to the images, and to that; absent where nobody has asked. */
  referrers: z
    .array(
      z.strictObject({
        /** `host/repository` of the image, as it is named. */
        of: z.string(),
        /** What it is attached to. */
        subject: digest,
        digest,
        mediaType: z.string(),
        /** Bytes of the manifest. */
        size: z.int().min(0),
        artifactType: z.string().optional(),
        /** Of cosign's tags the one that it has. */
        tag: z.string().regex(cosignTag, 'not a tag of cosign').optional(),
      }),
    )
    .optional(),
});

/**
 * Undefined where there is no such file.
 * @throws AirgapError usage for one that no `plan --lock` has written; io
 */
export async function readLock(path: string): Promise<BundleLock | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw unreadable(path, 'the lock file', cause);
  });
  if (text === undefined) return undefined;
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AirgapError('usage', 'the lock file is not what plan --lock writes', {
      given: `${path}: ${cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)}`,
      place: { file: path },
      next: 'get it back from version control; or remove it, and lock again: plan --lock',
      cause,
    });
  }
}

export function printLock(lock: BundleLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** `bundle.yaml` → `bundle.lock`, in the same folder. */
export function lockPathOf(bundleFile: string): string {
  return `${bundleFile.replace(/\.(?:ya?ml|json)$/, '')}.lock`;
}
