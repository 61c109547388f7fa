import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageGraph } from '../oci/graph.ts';
import type { Attached } from '../plan/referrers.ts';
import type { ContentCache } from '../registry/content-cache.ts';
import { type ImageSource, readDescribed } from '../registry/read-image.ts';
import type { Referrer, Referrers } from '../registry/read-referrers.ts';
import { AirgapError } from '../report/error.ts';

/** Signatures of attestations of an SBOM of an image: whoever goes deeper is not followed. */
const deepest = 3;
/** Attached to one manifest, and to all of an image. */
const most = { ofSubject: 64, ofImage: 1000 };

/** What is attached to a digest of a repository, which is named as people name it. */
export type ListReferrers = (question: {
  readonly source: ImageSource;
  readonly name: string;
  readonly subject: Digest;
}) => Promise<Pick<Referrers, 'referrers' | 'lost'>>;

export interface WalkOptions {
  readonly source: ImageSource;
  readonly name: string;
  readonly list: ListReferrers;
  readonly cache: ContentCache;
}

/** Gathers what is attached to the manifests of one image, and to that in turn. Its methods throw what may pass. */
export class ReferrerWalk {
  readonly attached: Attached[] = [];
  /** What was found and cannot travel, in words. */
  readonly lost: string[] = [];
  readonly #asked = new Set<Digest>();
  /** Those that are being read among them. */
  #taken = 0;
  readonly #options: WalkOptions;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** Takes what is attached to a manifest that travels. @returns whether anything is */
  async follow(subject: Digest, depth = 1): Promise<boolean> {
    // What is attached in a circle is followed once.
    if (this.#asked.has(subject)) return false;
    this.#asked.add(subject);
    const referrers = await this.#list(subject);
    const kept = referrers.slice(0, this.#room(depth));
    this.#taken += kept.length;
    const left = referrers.length - kept.length;
    if (left > 0)
      this.lost.push(
        `${left} of ${referrers.length} that are attached to ${subject}, ${depth} deep`,
      );
    await Promise.all(kept.map((one) => this.#take(one, subject, depth)));
    return referrers.length > 0;
  }

  /** Tells of what is attached to a manifest that does not travel. @returns whether anything is */
  async lose(subject: Digest, what: string): Promise<boolean> {
    const referrers = await this.#list(subject);
    for (const { descriptor, tag } of referrers) {
      const kind = descriptor.artifactType ?? descriptor.mediaType;
      this.lost.push(`${tag ?? `${descriptor.digest} (${kind})`} is for ${subject}, ${what}`);
    }
    return referrers.length > 0;
  }

  #room(depth: number): number {
    if (depth > deepest) return 0;
    return Math.max(0, Math.min(most.ofSubject, most.ofImage - this.#taken));
  }

  async #take({ descriptor, tag }: Referrer, subject: Digest, depth: number): Promise<void> {
    const graph = await this.#read(descriptor, tag);
    if (!graph) return;
    this.attached.push({ subject, graph, ...(tag ? { tag } : {}) });
    await this.follow(graph.root.digest, depth + 1);
  }

  async #list(subject: Digest): Promise<readonly Referrer[]> {
    const { source, name, list } = this.#options;
    const { referrers, lost } = await list({ source, name, subject });
    this.lost.push(...lost);
    return referrers;
  }

  async #read(descriptor: Descriptor, tag?: string): Promise<ImageGraph | undefined> {
    const { source, cache } = this.#options;
    try {
      return await readDescribed(source, descriptor, cache);
    } catch (error) {
      this.lost.push(`${tag ?? descriptor.digest} cannot be read: ${lossOf(error)}`);
      return undefined;
    }
  }
}

/** Why something is lost. @throws what may pass, and bugs */
export function lossOf(error: unknown): string {
  if (!(error instanceof AirgapError) || error.class === 'transient') throw error;
  return error.given ? `${error.message} (${error.given})` : error.message;
}

/** Whoever answered first: the plan must not hang on it. */
export function inOrder(attached: readonly Attached[]): Attached[] {
  const name = ({ subject, graph, tag = '' }: Attached) => `${tag} ${subject} ${graph.root.digest}`;
  return attached.toSorted((one, other) => (name(one) < name(other) ? -1 : 1));
}
