import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryAccess } from './access.ts';
import type { Exchange } from './exchange.ts';
import type { Places } from './places.ts';
import * as pushing from './pushing.ts';
import * as reading from './reading.ts';
import * as referrers from './referrers.ts';
import type { Registry } from './subject.ts';

export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** Both included, as in a Range header (RFC 9110, 14.1.2). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface BlobContent {
  /** 206 where a range was asked for and the registry can do ranges; else the whole blob, 200. */
  readonly status: 200 | 206;
  /**
   * Not yet hashed. Goes on by itself where a connection breaks; fails with an AirgapError when that does not help.
   * Must be read or destroyed.
   */
  readonly body: Readable;
}

/**
 * One registry's distribution API (distribution-spec 1.1). Every method retries what may pass and throws an
 * AirgapError: `authentication`, `usage`, `integrity`, `transient`, and for writes `refused`.
 */
export class RegistryClient {
  readonly host: string;
  readonly access: RegistryAccess;
  /** For requests to this host that oras sends. */
  readonly places: Places;
  readonly #registry: Registry;

  constructor(host: string, access: RegistryAccess, exchange: Exchange) {
    this.host = host;
    this.access = access;
    this.places = exchange.places;
    this.#registry = { host, exchange };
  }

  /** Manifests that this host still lets us pull, if it counts them (Docker Hub does). */
  get pullsLeft(): number | undefined {
    return this.#registry.exchange.pullsLeft;
  }

  /**
   * What a tag or digest is here; undefined when there is none (404).
   * @param within milliseconds in which it may be tried again; by default all of the budget
   */
  headManifest(
    repository: string,
    reference: string,
    within?: number,
  ): Promise<Descriptor | undefined> {
    return reading.headManifest(this.#registry, repository, reference, within);
  }

  /**
   * The bytes of a manifest or index, at most 4 MiB, their digest checked; undefined on 404.
   * @param within milliseconds in which it may be tried again; by default all of the budget
   */
  getManifest(
    repository: string,
    reference: string,
    within?: number,
  ): Promise<ManifestContent | undefined> {
    return reading.getManifest(this.#registry, repository, reference, within);
  }

  /**
   * What the referrers API says is attached to a manifest; undefined where there is no such API, whatever the
   * refusal. @throws AirgapError transient
   */
  listReferrers(
    repository: string,
    subject: Digest,
  ): Promise<referrers.ReferrersAnswer | undefined> {
    return referrers.listReferrers(this.#registry, repository, subject);
  }

  /** The size of a blob in bytes; undefined when the repository does not have it. */
  headBlob(repository: string, digest: Digest): Promise<number | undefined> {
    return reading.headBlob(this.#registry, repository, digest);
  }

  /**
   * A blob, or a part of it, as it comes. The registry may answer a range with the whole blob (200).
   * Its place among the concurrent requests is held until the body ends.
   * @param range bytes, `end` inclusive
   */
  getBlob(repository: string, digest: Digest, range?: ByteRange): Promise<BlobContent> {
    return reading.getBlob(this.#registry, repository, digest, range);
  }

  /**
   * A blob for who has a place in `places` already, as for oras reading through us.
   * @param wanted aborts when nobody reads it any more
   */
  openBlob(repository: string, digest: Digest, wanted: AbortSignal): Promise<BlobContent> {
    return reading.openBlob(this.#registry, repository, digest, undefined, wanted);
  }

  /**
   * Makes a blob of another repository of this registry appear in this one without moving it. False when
   * the registry does not do that (any refusal: a mount never tells a wrong password).
   */
  mountBlob(repository: string, digest: Digest, from: string): Promise<boolean> {
    return pushing.mountBlob(this.#registry, repository, digest, from);
  }

  /** Sends a small blob in one piece. */
  putBlob(repository: string, digest: Digest, bytes: Buffer): Promise<void> {
    return pushing.putBlob(this.#registry, repository, digest, bytes);
  }

  /** Whether we may push here, by opening an upload session and cancelling it. @throws AirgapError */
  checkPush(repository: string): Promise<void> {
    return pushing.checkPush(this.#registry, repository);
  }

  /** Puts a manifest or index under a tag or its digest; what it refers to must be there. */
  putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Buffer,
  ): Promise<pushing.PutManifest> {
    return pushing.putManifest(this.#registry, repository, reference, mediaType, bytes);
  }
}
