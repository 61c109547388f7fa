import * as z from 'zod';
import { mostShards } from '../inputs/shard.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';

/** A string that has one UTF-8 form: a lone surrogate would become U+FFFD, so two strings the same bytes. */
const text = z.string().refine((value) => !/\p{Surrogate}/u.test(value), 'has a lone surrogate');

const digest = z
  .string()
  .regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/)
  .refine(isDigest) as unknown as z.ZodType<Digest>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not 64 lower-case hex digits');
const count = z.int().min(0);
const mediaType = z.string().regex(/^[\x21-\x7e]+$/, 'not a media type');
const platformName = text.min(1);

/** RFC 3339, UTC, whole seconds; within what a tar header's octal mtime holds (1970 to 2242). */
const timestamp = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  .refine(isMoment, 'not a moment between 1970 and 2242, in UTC with whole seconds');

/** Relative, no empty, `.` or `..` part, plain ASCII, and short enough for a tar header's name field. */
const path = z
  .string()
  .max(99)
  .regex(/^(?!.*(^|\/)\.{0,2}(\/|$))[A-Za-z0-9._/-]+$/, 'not a plain relative path')
  .refine((value) => !/^(bundle\.(json|sig)|blobs)(\/|$)/i.test(value), 'a reserved name');

const descriptor = z.strictObject({
  mediaType,
  digest,
  size: count,
  platform: z
    .strictObject({
      os: text,
      architecture: text,
      variant: text.exactOptional(),
      'os.version': text.exactOptional(),
      'os.features': z.array(text).exactOptional(),
    })
    .exactOptional(),
  annotations: z.record(text, text).exactOptional(),
  artifactType: text.exactOptional(),
}) satisfies z.ZodType<Descriptor>;

const target = z.strictObject({
  endpoint: text.min(1),
  baseContentPath: text,
  plainHttp: z.boolean(),
  insecureSkipVerify: z.boolean(),
  caCert: text.exactOptional(),
  mirrorMap: text,
  environment: z.enum(['airgap', 'non-airgap']),
  pullThrough: z.array(text).exactOptional(),
});

const image = z.strictObject({
  source: text.min(1),
  digest,
  mediaType,
  size: count,
  platforms: z.array(platformName),
  placements: z.array(
    z.strictObject({
      reference: text.min(1),
      askedForBy: z.enum(['webhook', 'containerd', 'both']),
    }),
  ),
  pinnedBy: z.enum(['tag', 'digest']),
  originalDigest: digest.exactOptional(),
  referrer: z
    .strictObject({
      subject: digest,
      images: z.array(digest).min(1),
      artifactType: text.exactOptional(),
    })
    .exactOptional(),
});

const file = z.strictObject({ path, size: count, sha256, mode: z.literal([0o644, 0o755]) });
const blob = z.strictObject({ digest, size: count });

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const version = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/);
const base = z.strictObject({
  name,
  version,
  sequence: count,
  inventoryDigest: digest,
  blobs: z.array(blob),
});

/**
 * The shape of `bundle.json` (`docs/bundle-format.md`), field by field in the order in which they are printed.
 * What one field asks of another is in `inventory-rules.ts`.
 */
export const inventorySchema = z.strictObject({
  schemaVersion: z.literal(1),
  name,
  version,
  sequence: count,
  createdAt: timestamp,
  expiresAt: timestamp.exactOptional(),
  tool: z.strictObject({ name: text, version: text }),
  target,
  platforms: z.array(platformName),
  root: descriptor.exactOptional(),
  moreRoots: z.array(descriptor).exactOptional(),
  images: z.array(image),
  files: z.array(file),
  blobs: z.array(blob),
  chart: z.strictObject({ name: text, version: text, digest }).exactOptional(),
  imagesNotEmbedded: z.literal(true).exactOptional(),
  credentials: z.enum(['embed', 'age']).exactOptional(),
  base: base.exactOptional(),
  shard: z
    .strictObject({ plan: digest, number: z.int().min(1), count: z.int().min(1).max(mostShards) })
    .refine(({ number, count: all }) => number <= all, 'no such shard')
    .exactOptional(),
}) satisfies z.ZodType<Inventory>;

function isMoment(value: string): boolean {
  const time = Date.parse(value);
  if (!(time >= 0 && time / 1000 <= 0o77777777777)) return false;
  return new Date(time).toISOString() === value.replace('Z', '.000Z');
}
