import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { projectOf } from '../plan/repositories.ts';
import { type Deferred, deferred } from './waiting.ts';

/**
 * A place in the queue of those who need a blob. It is kept until the blob is in the repository in question,
 * and all places are taken before any work begins, in the order of work: whoever waits, waits for an earlier
 * one, so no two can wait for each other.
 */
export interface Turn {
  /** Resolves when the blob is somewhere in the target, or when nobody is ahead. */
  readonly homeOrFirst: Promise<void>;
  /** Resolves when nobody is ahead: from then on this one alone may upload the blob. */
  readonly first: Promise<void>;
  leave(): void;
}

/** Where each blob is in the target, and whose turn it is to bring it there: one upload per digest at a time. */
export class BlobTurns {
  readonly #blobs = new Map<Digest, SharedBlob>();
  readonly #refusedMounts = new Set<string>();
  readonly #takers = new Set<string>();
  readonly #firstArrival: (blob: Descriptor) => void;

  /** @param firstArrival told of each blob when it is in the target for the first time */
  constructor(firstArrival: (blob: Descriptor) => void) {
    this.#firstArrival = firstArrival;
  }

  /** Takes the next place for each blob. */
  join(blobs: readonly Descriptor[]): Turn[] {
    return blobs.map((blob) => this.#shared(blob).join());
  }

  /** The blob was seen in the repository, or put there. */
  arrived(blob: Descriptor, repository: string): void {
    this.believed(blob, repository);
    this.#shared(blob).proved.add(repository);
  }

  /** A manifest there names the blob: enough to mount it from, not to put another manifest on. */
  believed(blob: Descriptor, repository: string): void {
    const shared = this.#shared(blob);
    if (shared.homes.size === 0) this.#firstArrival(blob);
    shared.homes.add(repository);
    shared.home.resolve();
  }

  /** The repository does not have it after all. */
  doubted({ digest }: Descriptor, repository: string): void {
    const shared = this.#blobs.get(digest);
    shared?.proved.delete(repository);
    shared?.homes.delete(repository);
  }

  isIn(digest: Digest, repository: string): boolean {
    return this.#blobs.get(digest)?.proved.has(repository) ?? false;
  }

  /** A repository that the blob may be mounted from; one of the same project (first path segment) first. */
  mountSource(digest: Digest, repository: string): string | undefined {
    const homes = [...(this.#blobs.get(digest)?.homes ?? [])].filter(
      (home) => home !== repository && !this.#refusedMounts.has(`${home} ${repository}`),
    );
    return homes.find((home) => projectOf(home) === projectOf(repository)) ?? homes[0];
  }

  mountRefused(from: string, repository: string): void {
    this.#refusedMounts.add(`${from} ${repository}`);
  }

  pushTaken(repository: string): void {
    this.#takers.add(repository);
  }

  /** Whether the target has let us put something into the repository in this run. */
  takesPushes(repository: string): boolean {
    return this.#takers.has(repository);
  }

  #shared(blob: Descriptor): SharedBlob {
    const shared = this.#blobs.get(blob.digest) ?? new SharedBlob();
    this.#blobs.set(blob.digest, shared);
    return shared;
  }
}

class SharedBlob {
  readonly homes = new Set<string>();
  readonly proved = new Set<string>();
  readonly home = deferred();
  readonly #queue: Deferred[] = [];

  join(): Turn {
    const place = deferred();
    this.#queue.push(place);
    this.#queue[0]?.resolve();
    return {
      first: place.promise,
      homeOrFirst: Promise.race([place.promise, this.home.promise]),
      leave: () => this.#leave(place),
    };
  }

  #leave(place: Deferred): void {
    const at = this.#queue.indexOf(place);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#queue[0]?.resolve();
  }
}
