import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Descriptor } from '../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../src/oci/digest.ts';

const chunk = 1024 * 1024;
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

/**
 * Writes images into the storage folder of a distribution registry, as the registry itself would, without
 * the way through HTTP. Layers are opaque bytes that no one can squeeze.
 */
export class Storage {
  readonly #root: string;
  readonly #layers = new Map<string, Descriptor>();

  /** @param rootdirectory of the registry's filesystem driver */
  constructor(rootdirectory: string) {
    this.#root = join(rootdirectory, 'docker', 'registry', 'v2');
  }

  /** The layer of a seed; the same seed gives the same bytes. */
  async layer(seed: string, size: number): Promise<Descriptor> {
    const known = this.#layers.get(seed);
    if (known !== undefined) return known;
    if (!Number.isInteger(size)) throw new Error(`a layer has whole bytes, not ${size}`);
    const digest = await this.#writeLayer(seed, size);
    const made = { mediaType: layerType, digest, size };
    this.#layers.set(seed, made);
    return made;
  }

  async document(mediaType: string, value: object): Promise<Descriptor> {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    await write(this.#blob(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Makes content that is in the storage part of a repository. */
  async link(
    repository: string,
    tag: string,
    root: Descriptor,
    manifests: readonly Descriptor[],
    blobs: readonly Descriptor[],
  ): Promise<void> {
    const at = join(this.#root, 'repositories', repository);
    const path = ({ digest }: Descriptor) => join('sha256', digest.slice(7), 'link');
    for (const blob of blobs) await write(join(at, '_layers', path(blob)), blob.digest);
    for (const manifest of [...manifests, root])
      await write(join(at, '_manifests', 'revisions', path(manifest)), manifest.digest);
    const tagged = join(at, '_manifests', 'tags', tag);
    await write(join(tagged, 'index', path(root)), root.digest);
    await write(join(tagged, 'current', 'link'), root.digest);
  }

  async #writeLayer(seed: string, size: number): Promise<Digest> {
    const aside = join(this.#root, 'new');
    await mkdir(this.#root, { recursive: true });
    const file = await open(aside, 'w');
    const hash = createHash('sha256');
    try {
      for (const bytes of noise(seed, size)) {
        hash.update(bytes);
        await file.write(bytes);
      }
    } finally {
      await file.close();
    }
    const digest = `sha256:${hash.digest('hex')}` as Digest;
    const path = this.#blob(digest);
    await mkdir(dirname(path), { recursive: true });
    await rename(aside, path);
    return digest;
  }

  #blob(digest: Digest): string {
    const hex = digest.slice(7);
    return join(this.#root, 'blobs', 'sha256', hex.slice(0, 2), hex, 'data');
  }
}

/** Noise that begins like gzip, since some movers squeeze a layer that does not look squeezed. */
function* noise(seed: string, size: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(chunk);
  for (let done = 0; done < size; done += chunk) {
    const bytes = cipher.update(zeros.subarray(0, Math.min(chunk, size - done)));
    if (done === 0) Buffer.from([0x1f, 0x8b, 8, 0]).copy(bytes);
    yield bytes;
  }
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
