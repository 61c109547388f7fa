import * as z from 'zod';
import { AirgapError } from '../report/error.ts';
import type { Descriptor } from './descriptor.ts';
import { type Digest, isDigest } from './digest.ts';
import { isImageManifest, isIndex, ociIndex, ociManifest } from './media-types.ts';

export type Manifest = ImageManifest | ImageIndex;

/** An image or artifact manifest (image-spec, manifest.md; Docker manifest v2, schema 2). */
export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image index (image-spec, image-index.md) or a Docker manifest list. */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Reads the bytes of a manifest or index. Strict on what we use, blind to the rest: the bytes travel unchanged.
 * @param mediaType what the registry or the parent descriptor says that these bytes are
 * @throws AirgapError `usage` for a document that two readers could understand differently, and for a media type
 * that cannot be carried (schema 1 among them).
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  if (!isIndex(mediaType) && !isImageManifest(mediaType)) throw unsupported(mediaType);
  const document = readDocument(bytes);
  refuseAmbiguous(document, mediaType);
  return isIndex(mediaType)
    ? { kind: 'index', mediaType, ...read(indexSchema, document) }
    : { kind: 'manifest', mediaType, ...read(manifestSchema, document) };
}

/** What a document says that it is; by its shape, where it says nothing (image-spec lets OCI documents be silent). */
export function mediaTypeOf(bytes: Uint8Array): string {
  const { mediaType, manifests } = readDocument(bytes);
  if (typeof mediaType === 'string') return mediaType;
  return manifests === undefined ? ociManifest : ociIndex;
}

/** What a manifest points at: the config and the layers, or the children of an index, in document order. */
export function references(manifest: Manifest): Descriptor[] {
  return manifest.kind === 'index'
    ? [...manifest.manifests]
    : [manifest.config, ...manifest.layers];
}

/** A layer that is fetched from elsewhere and never pushed (image-spec, layer.md; Docker's foreign layers). */
export function isForeign({ mediaType }: Descriptor): boolean {
  return foreignLayer.test(mediaType);
}

const foreignLayer = /\.image\.rootfs\.foreign\.diff\.tar|\.image\.layer\.nondistributable\./;

const annotations = z.record(z.string(), z.string()).exactOptional();
const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().exactOptional(),
  'os.version': z.string().exactOptional(),
  'os.features': z.array(z.string()).exactOptional(),
});
const descriptor = z.object({
  mediaType: z.string(),
  digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
    error: 'not a sha256 or sha512 digest',
  }),
  size: z.int().min(0),
  platform: platform.exactOptional(),
  annotations,
  artifactType: z.string().exactOptional(),
});
const manifestSchema = z.object({
  config: descriptor,
  layers: z.array(descriptor).default([]),
  subject: descriptor.exactOptional(),
  artifactType: z.string().exactOptional(),
  annotations,
});
const indexSchema = z.object({
  manifests: z.array(descriptor).default([]),
  subject: descriptor.exactOptional(),
  artifactType: z.string().exactOptional(),
  annotations,
});

function read<T>(schema: z.ZodType<T>, document: object): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw malformed(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function readDocument(bytes: Uint8Array): Record<string, unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Go programs write an empty optional field as null: dropped, as if it were absent.
    const document: unknown = JSON.parse(text, (_, value) => value ?? undefined);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
      return document as Record<string, unknown>;
    }
  } catch (cause) {
    throw malformed('not JSON in UTF-8', cause);
  }
  throw malformed('not a JSON object');
}

/** A document that is a manifest to one reader and an index to another (GHSA-qq97-vm5h-rrhg) is neither. */
function refuseAmbiguous(document: Record<string, unknown>, mediaType: string): void {
  const foreign = isIndex(mediaType) ? ['config', 'layers', 'fsLayers'] : ['manifests', 'fsLayers'];
  const found = foreign.find((field) => Object.hasOwn(document, field));
  if (found !== undefined) throw malformed(`${mediaType} with a field "${found}"`);
  if (document.schemaVersion !== 2) throw malformed(`schemaVersion ${document.schemaVersion}`);
  if (typeof document.mediaType === 'string' && document.mediaType !== mediaType) {
    throw malformed(`served as ${mediaType}, but says that it is ${document.mediaType}`);
  }
}

function malformed(given: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', 'the manifest is malformed', {
    given,
    next: 'push the image to its registry again, or name another tag',
    cause,
  });
}

function unsupported(mediaType: string): AirgapError {
  return new AirgapError('usage', 'this kind of manifest cannot be carried', {
    given: mediaType,
    expected: 'an OCI or Docker (schema 2) image manifest or index',
    next: 'build or push the image again with a current tool, or take it off the list',
  });
}
