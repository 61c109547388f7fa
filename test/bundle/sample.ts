import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { sha256Sums } from '../../src/bundle/sums.ts';
import type { Trust } from '../../src/bundle/verify.ts';
import { type WriteJob, writeBundle } from '../../src/bundle/write.ts';
import type { Context } from '../../src/context.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import type { Inventory, InventoryFile } from '../../src/plan/inventory.ts';
import type { BlobContent } from '../../src/registry/api.ts';
import type { Event } from '../../src/report/events.ts';

export function testContext(
  env: Context['env'] = {},
): Context & { events: Event[]; abort(): void } {
  const events: Event[] = [];
  const controller = new AbortController();
  return {
    env,
    cwd: tmpdir(),
    temporary: tmpdir(),
    now: () => new Date('2026-11-22T16:00:00Z'),
    signal: controller.signal,
    emit: (event) => events.push(event),
    events,
    abort: () => controller.abort(new Error('stopped by hand')),
  };
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'airgap-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface Sample {
  readonly inventory: Inventory;
  readonly files: Map<string, Buffer>;
  readonly blobs: Map<Digest, Buffer>;
}

/** A bundle's contents without images: some files, and the given blobs. */
export function sample(
  contents: readonly Buffer[],
  change: Partial<Inventory> = {},
  changedFiles: Readonly<Record<string, Buffer>> = {},
): Sample {
  const files = new Map<string, Buffer>([
    ['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
    ['index.json', Buffer.from('{"schemaVersion":2,"manifests":[]}')],
    ['install.sh', Buffer.from('#!/bin/sh\n')],
    ['nodes/certs.d/docker.io/hosts.toml', Buffer.alloc(0)],
    ...Object.entries(changedFiles),
  ]);
  files.set('SHA256SUMS', sha256Sums(describe(files)));
  const blobs = new Map(contents.map((bytes) => [digestOf(bytes), bytes]));
  const inventory: Inventory = {
    schemaVersion: 1,
    name: 'sample',
    version: '1.0.0',
    sequence: 7,
    createdAt: '2026-11-22T16:00:00Z',
    tool: { name: 'airgap-bundle', version: '0.1.0' },
    target: {
      endpoint: 'harbor.example.org',
      baseContentPath: 'airgap-images',
      plainHttp: false,
      insecureSkipVerify: false,
      mirrorMap: 'docker.io::harbor.example.org/airgap-images/docker.io\ndefault::',
      environment: 'airgap',
    },
    platforms: ['linux/amd64'],
    images: [],
    files: describe(files),
    blobs: [...blobs].map(([digest, bytes]) => ({ digest, size: bytes.length })),
    ...change,
  };
  return { inventory, files, blobs };
}

function describe(files: ReadonlyMap<string, Buffer>): InventoryFile[] {
  return [...files].map(([path, bytes]) => ({
    path,
    size: bytes.length,
    sha256: hexOf(digestOf(bytes)),
    mode: path.endsWith('.sh') ? 0o755 : 0o644,
  }));
}

export function jobFor(
  { inventory, files, blobs }: Sample,
  out: string,
  more: Partial<WriteJob> = {},
): WriteJob {
  const readBlob = async ({ digest }: { digest: Digest }) =>
    whole(Readable.from([blobs.get(digest) ?? Buffer.alloc(0)], { objectMode: false }));
  return { inventory, files, readBlob, out, concurrency: 3, ...more };
}

export function write(parts: Sample, out: string, more: Partial<WriteJob> = {}) {
  return writeBundle(jobFor(parts, out, more), testContext());
}

export function trust(change: Partial<Trust> = {}): Trust {
  return {
    keys: [],
    revoked: [],
    allowUnsigned: false,
    allowExpired: false,
    now: new Date('2026-11-23T00:00:00Z'),
    ...change,
  };
}

/** A source that knows no ranges. */
export function whole(body: Readable): BlobContent {
  return { status: 200, body };
}
