import type { Readable } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { manifestTypes } from '../oci/media-types.ts';
import { AirgapError } from '../report/error.ts';
import type { RegistryAccess } from './access.ts';
import {
  checkedDigest,
  contentLength,
  describedBy,
  expectDigest,
  mediaTypeOf,
  uploadLocation,
} from './answers.ts';
import { blobBody } from './blob-body.ts';
import type { Call, Exchange } from './exchange.ts';
import { pushFailure, readFailure, type Subject } from './failures.ts';
import { blobPath, manifestPath, uploadsPath } from './paths.ts';
import { Transient } from './retry.ts';
import type { Answer } from './transport.ts';

export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

export interface BlobContent {
  /** 206 where a range was asked for and the registry can do ranges; else the whole blob, 200. */
  readonly status: 200 | 206;
  /** Not yet hashed. Fails with an AirgapError when it ends early; must be read or destroyed. */
  readonly body: Readable;
}

const largestManifest = 4 * 1024 * 1024;
const accept = manifestTypes.join(', ');

/**
 * One registry's distribution API (distribution-spec 1.1). Every method retries what may pass and throws an
 * AirgapError: `authentication`, `usage`, `integrity`, `transient`, and for writes `refused`.
 */
export class RegistryClient {
  readonly host: string;
  readonly access: RegistryAccess;
  readonly #exchange: Exchange;

  constructor(host: string, access: RegistryAccess, exchange: Exchange) {
    this.host = host;
    this.access = access;
    this.#exchange = exchange;
  }

  /** What a tag or digest is here; undefined when there is none (404). */
  async headManifest(repository: string, reference: string): Promise<Descriptor | undefined> {
    const subject = this.#manifest(repository, reference);
    const found = await this.#exchange.run(async () => {
      const answer = await this.#read('HEAD', subject.path, repository, { accept });
      await answer.body.dump();
      if (answer.status === 404) return 'none';
      // Some do not know HEAD; and of a 400 only a body says why.
      if (answer.status === 405 || answer.status === 400) return 'ask by GET';
      if (answer.status !== 200) throw await this.#readFailure(answer, subject);
      return describedBy(answer) ?? 'ask by GET';
    });
    if (found === 'none') return undefined;
    if (found === 'ask by GET') return (await this.getManifest(repository, reference))?.descriptor;
    if (isDigest(reference)) expectDigest(reference, found.digest, subject);
    return found;
  }

  /** The bytes of a manifest or index, at most 4 MiB, their digest checked; undefined on 404. */
  async getManifest(repository: string, reference: string): Promise<ManifestContent | undefined> {
    const subject = this.#manifest(repository, reference);
    return this.#exchange.run(async () => {
      const answer = await this.#read('GET', subject.path, repository, { accept });
      if (answer.status === 404) return void (await answer.body.dump());
      if (answer.status !== 200) throw await this.#readFailure(answer, subject);
      const bytes = await this.#exchange.readAll(answer, largestManifest);
      const digest = checkedDigest(bytes, reference, answer, subject);
      const descriptor = { mediaType: mediaTypeOf(answer, bytes), digest, size: bytes.length };
      return { descriptor, bytes };
    });
  }

  /** The size of a blob in bytes; undefined when the repository does not have it. */
  async headBlob(repository: string, digest: Digest): Promise<number | undefined> {
    const subject = this.#blob(repository, digest);
    return this.#exchange.run(async () => {
      let answer = await this.#read('HEAD', subject.path, repository);
      await answer.body.dump();
      if (answer.status === 405) {
        answer = await this.#read('GET', subject.path, repository);
        // Only its headers are wanted; the rest is not worth the wait.
        answer.body.on('error', () => {}).destroy();
      }
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw await this.#readFailure(answer, subject);
      const size = contentLength(answer);
      if (size !== undefined) return size;
      throw new AirgapError('integrity', `${this.host} tells no size for ${subject.what}`);
    });
  }

  /**
   * A blob, or a part of it, as it comes. The registry may answer a range with the whole blob (200).
   * Its place among the concurrent requests is held until the body ends.
   * @param range bytes, `end` inclusive
   */
  async getBlob(
    repository: string,
    digest: Digest,
    range?: { start: number; end: number },
  ): Promise<BlobContent> {
    const subject = this.#blob(repository, digest);
    const headers = range && { range: `bytes=${range.start}-${range.end}` };
    const { result: answer, release } = await this.#exchange.hold(async () => {
      const answer = await this.#read('GET', subject.path, repository, headers);
      if (answer.status === 200 || answer.status === 206) return answer;
      throw await this.#readFailure(answer, subject);
    });
    const classify = (error: unknown) => this.#exchange.failure(error, answer.url);
    const body = blobBody(answer, subject, classify).once('close', release);
    return { status: answer.status === 206 ? 206 : 200, body };
  }

  /**
   * Makes a blob of another repository of this registry appear in this one without moving it. False when
   * the registry does not do that (any refusal: a mount never tells a wrong password).
   */
  async mountBlob(repository: string, digest: Digest, from: string): Promise<boolean> {
    const scopes = [scope(repository, 'pull,push'), scope(from, 'pull')];
    const query = new URLSearchParams({ mount: digest, from });
    const to = `${uploadsPath(repository)}?${query}`;
    const subject = this.#push(repository, `the mount of ${digest} into ${repository}`);
    try {
      return await this.#exchange.run(async () => {
        const answer = await this.#exchange.send({ method: 'POST', to, scopes });
        if (answer.status === 202) await this.#cancel(answer, repository);
        if (![201, 202, 400, 403, 404, 405].includes(answer.status)) {
          throw await this.#pushFailure(answer, subject);
        }
        await answer.body.dump();
        return answer.status === 201;
      });
    } catch (error) {
      if (error instanceof AirgapError && error.class === 'authentication') return false;
      throw error;
    }
  }

  /** Sends a small blob in one piece. */
  async putBlob(repository: string, digest: Digest, bytes: Buffer): Promise<void> {
    const subject = this.#push(repository, `blob ${digest} of ${repository}`);
    const scopes = [scope(repository, 'pull,push')];
    const headers = { 'content-type': 'application/octet-stream' };
    await this.#exchange.run(async () => {
      const to = await this.#openUpload(subject);
      to.searchParams.set('digest', digest);
      const call: Call = { method: 'PUT', to, scopes, headers, body: bytes };
      await this.#expectWritten(await this.#exchange.send(call), subject);
    });
  }

  /** Whether we may push here, by opening an upload session and cancelling it. @throws AirgapError */
  async checkPush(repository: string): Promise<void> {
    const subject = this.#push(repository, `a push to ${repository}`);
    await this.#exchange.run(async () => {
      await this.#delete(await this.#openUpload(subject), repository);
    });
  }

  /** Puts a manifest or index under a tag or its digest; what it refers to must be there. */
  async putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Buffer,
  ): Promise<void> {
    const { path, what } = this.#manifest(repository, reference);
    const scopes = [scope(repository, 'pull,push')];
    const headers = { 'content-type': mediaType };
    await this.#exchange.run(async () => {
      const call: Call = { method: 'PUT', to: path, scopes, headers, body: bytes };
      await this.#expectWritten(await this.#exchange.send(call), this.#push(repository, what));
    });
  }

  #read(
    method: 'GET' | 'HEAD',
    to: string,
    repository: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.#exchange.send({ method, to, headers, scopes: [scope(repository, 'pull')] });
  }

  async #openUpload(subject: Subject): Promise<URL> {
    const { repository } = subject;
    const answer = await this.#exchange.send({
      method: 'POST',
      to: uploadsPath(repository),
      scopes: [scope(repository, 'pull,push')],
    });
    if (answer.status !== 202) throw await this.#pushFailure(answer, subject);
    await answer.body.dump();
    return uploadLocation(answer) ?? this.#noLocation(subject);
  }

  /** Best effort: a session that stays open is the registry's to clear. */
  async #cancel(answer: Answer, repository: string): Promise<void> {
    const location = uploadLocation(answer);
    if (location !== undefined) await this.#delete(location, repository);
  }

  async #delete(to: URL, repository: string): Promise<void> {
    const scopes = [scope(repository, 'pull,push')];
    try {
      const answer = await this.#exchange.send({ method: 'DELETE', to, scopes });
      await answer.body.dump();
    } catch (error) {
      if (!(error instanceof AirgapError || error instanceof Transient)) throw error;
    }
  }

  async #expectWritten(answer: Answer, subject: Subject): Promise<void> {
    if (answer.status < 200 || answer.status > 204) throw await this.#pushFailure(answer, subject);
    await answer.body.dump();
  }

  async #readFailure(answer: Answer, subject: Subject): Promise<AirgapError> {
    return readFailure(answer.status, await this.#exchange.errorText(answer), subject);
  }

  async #pushFailure(answer: Answer, subject: Subject): Promise<AirgapError> {
    return pushFailure(answer.status, await this.#exchange.errorText(answer), subject);
  }

  #noLocation(subject: Subject): never {
    throw new AirgapError('refused', `${this.host} opens no upload session for ${subject.what}`, {
      given: 'an answer without Location',
    });
  }

  #manifest(repository: string, reference: string): Subject & { path: string } {
    const what = `manifest ${repository}${isDigest(reference) ? '@' : ':'}${reference}`;
    return { host: this.host, repository, what, path: manifestPath(repository, reference) };
  }

  #blob(repository: string, digest: Digest): Subject & { path: string } {
    const what = `blob ${digest} of ${repository}`;
    return { host: this.host, repository, what, path: blobPath(repository, digest) };
  }

  #push(repository: string, what: string): Subject {
    return { host: this.host, repository, what };
  }
}

/** A token's scope (distribution, "Token Scope Documentation"). */
function scope(repository: string, actions: 'pull' | 'pull,push'): string {
  return `repository:${repository}:${actions}`;
}
