import { createHash } from 'node:crypto';
import { digestOf } from '../src/oci/digest.ts';
import { dockerIndex, dockerManifest, ociIndex, ociManifest } from '../src/oci/media-types.ts';

/** What is in a registry, asked by plain requests past every proxy. */
export interface Found {
  /** `repository:tag` → digest. */
  readonly tags: ReadonlyMap<string, string>;
  /** What a tag leads to and is not there, or is not what its digest says. */
  readonly broken: readonly string[];
}

/** Walks every tag of a registry down to the bytes of its blobs. */
export async function walk(host: string): Promise<Found> {
  const tags = new Map<string, string>();
  const visit = new Visit(host);
  for (const repository of await repositories(host))
    for (const tag of await tagsOf(host, repository))
      tags.set(`${repository}:${tag}`, await visit.manifest(repository, tag));
  return { tags, broken: visit.broken };
}

class Visit {
  readonly broken: string[] = [];
  readonly #host: string;
  readonly #seen = new Set<string>();

  constructor(host: string) {
    this.#host = host;
  }

  /** Resolves to the digest of what is there. */
  async manifest(repository: string, reference: string): Promise<string> {
    const name = `${repository}@${reference}`;
    if (this.#seen.has(name)) return reference;
    this.#seen.add(name);
    const answer = await fetch(`http://${this.#host}/v2/${repository}/manifests/${reference}`, {
      headers: { accept },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) return this.#miss(`${name}: ${answer.status}`);
    const digest = digestOf(bytes);
    if (reference.includes(':') && reference !== digest) this.#miss(`${name} is ${digest}`);
    await this.#children(repository, JSON.parse(bytes.toString()) as Document);
    return digest;
  }

  async #children(repository: string, { manifests, config, layers }: Document): Promise<void> {
    for (const { digest } of manifests ?? []) await this.manifest(repository, digest);
    for (const { digest } of [...(config ? [config] : []), ...(layers ?? [])])
      await this.#blob(repository, digest);
  }

  async #blob(repository: string, digest: string): Promise<void> {
    const name = `${repository}@${digest}`;
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    const answer = await fetch(`http://${this.#host}/v2/${repository}/blobs/${digest}`);
    const hash = createHash(digest.split(':')[0] ?? 'sha256');
    for await (const chunk of answer.body ?? []) hash.update(chunk);
    if (!answer.ok) this.#miss(`${name}: ${answer.status}`);
    else if (hash.digest('hex') !== digest.split(':')[1]) this.#miss(`${name} has other bytes`);
  }

  #miss(what: string): string {
    this.broken.push(what);
    return 'broken';
  }
}

interface Document {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

const accept = [ociIndex, ociManifest, dockerIndex, dockerManifest].join(', ');

async function repositories(host: string): Promise<readonly string[]> {
  const { repositories: names } = (await ask(host, '_catalog?n=1000')) as {
    repositories: string[] | null;
  };
  return names ?? [];
}

async function tagsOf(host: string, repository: string): Promise<readonly string[]> {
  const { tags } = (await ask(host, `${repository}/tags/list`)) as { tags?: string[] | null };
  return tags ?? [];
}

/** A repository without a manifest has no list of tags. */
async function ask(host: string, what: string): Promise<object> {
  const answer = await fetch(`http://${host}/v2/${what}`);
  return answer.ok ? ((await answer.json()) as object) : {};
}
