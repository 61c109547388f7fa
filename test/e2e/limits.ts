import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskUse, watchDisk } from '../../bench/disk.ts';
import { Storage } from '../../bench/storage.ts';
import { ociManifest } from '../../src/oci/media-types.ts';
import type { Job, Outcome } from '../helpers/job.ts';
import type { TestRegistry } from '../helpers/registry.ts';

/** Writes images into the storage of a registry, with one layer for all and one of their own; thousands take seconds. */
export async function fillRegistry(
  { folder }: TestRegistry,
  count: number,
  layerSize: number,
  ownLayerSize = 1,
): Promise<string[]> {
  const storage = new Storage(join(folder, 'storage'));
  const layer = await storage.layer('shared', layerSize);
  const names = Array.from({ length: count }, (_, at) => `app-${String(at).padStart(4, '0')}`);
  for (const name of names) {
    const layers = [layer, await storage.layer(name, ownLayerSize)];
    const config = await storage.document('application/vnd.oci.image.config.v1+json', {
      os: 'linux',
      architecture: 'amd64',
      config: { Labels: { name } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    });
    const manifest = { schemaVersion: 2, mediaType: ociManifest, config, layers };
    const root = await storage.document(ociManifest, manifest);
    await storage.link(`quay.io/limits/${name}`, '1', root, [], [config, ...layers]);
  }
  return names.map((name) => `quay.io/limits/${name}:1`);
}

/** What a run took. */
export interface Use {
  /** Most bytes of memory that our process had resident. */
  readonly memory: number;
  /** Most bytes that the job's folder took on the disk beyond what lay there before. */
  readonly disk: number;
  readonly result: Outcome;
}

/** Runs the program and looks on; fails unless it ends with 0. */
export async function use(job: Job, ...argv: string[]): Promise<Use> {
  const file = job.path('tmp', 'peak-memory');
  const preload = join(import.meta.dirname, '../helpers/peak-memory.mjs');
  const env = { NODE_OPTIONS: `--import ${preload}`, PEAK_MEMORY_FILE: file };
  const before = await diskUse(job.folder);
  const disk = watchDisk(job.folder);
  const ended = await job.runWith({ env }, ...argv, '--output', 'json');
  const most = await disk.peak();
  if (ended.exitCode !== 0) throw new Error(`ended with ${ended.exitCode}\n${ended.stderr}`);
  const memory = Number(await readFile(file, 'utf8'));
  return { memory, disk: most - before, result: ended.json };
}
