import { addAbortSignal } from 'node:stream';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { manifestTypes } from '../oci/media-types.ts';
import { AirgapError } from '../report/error.ts';
import {
  checkedDigest,
  contentLength,
  describedBy,
  expectDigest,
  mediaTypeOf,
  rangeStart,
} from './answers.ts';
import type { BlobContent, ByteRange, ManifestContent } from './api.ts';
import { blobBody, type Part } from './blob-body.ts';
import { twice } from './retry.ts';
import {
  type Asked,
  blobSubject,
  manifestSubject,
  type Registry,
  refusedRead,
  scope,
} from './subject.ts';
import type { Answer } from './transport.ts';

const largestManifest = 4 * 1024 * 1024;
const accept = manifestTypes.join(', ');

export async function headManifest(
  registry: Registry,
  repository: string,
  reference: string,
  within?: number,
): Promise<Descriptor | undefined> {
  const subject = manifestSubject(registry.host, repository, reference);
  const found = await registry.exchange.run(
    async () => {
      const answer = await read(registry, 'HEAD', subject, { accept });
      await answer.body.dump();
      if (answer.status === 404) return 'none';
      // Some do not know HEAD; and of a 400 only a body says why.
      if (answer.status === 405 || answer.status === 400) return 'ask by GET';
      if (answer.status !== 200) throw await refusedRead(registry, answer, subject);
      return describedBy(answer) ?? 'ask by GET';
    },
    { within },
  );
  if (found === 'none') return undefined;
  if (found === 'ask by GET')
    return (await getManifest(registry, repository, reference, within))?.descriptor;
  if (isDigest(reference)) expectDigest(reference, found.digest, subject);
  return found;
}

export async function getManifest(
  registry: Registry,
  repository: string,
  reference: string,
  within?: number,
): Promise<ManifestContent | undefined> {
  const { exchange } = registry;
  const subject = manifestSubject(registry.host, repository, reference);
  const get = async () => {
    const answer = await read(registry, 'GET', subject, { accept });
    if (answer.status === 404) return void (await answer.body.dump());
    if (answer.status !== 200) throw await refusedRead(registry, answer, subject);
    const bytes = await exchange.readAll(answer, largestManifest);
    const digest = checkedDigest(bytes, reference, answer, subject);
    const descriptor = { mediaType: mediaTypeOf(answer, bytes), digest, size: bytes.length };
    return { descriptor, bytes };
  };
  return exchange.run(() => twice(get), { within });
}

export async function headBlob(
  registry: Registry,
  repository: string,
  digest: Digest,
): Promise<number | undefined> {
  const subject = blobSubject(registry.host, repository, digest);
  return registry.exchange.run(async () => {
    let answer = await read(registry, 'HEAD', subject);
    await answer.body.dump();
    if (answer.status === 405) {
      answer = await read(registry, 'GET', subject);
      // Only its headers are wanted; the rest is not worth the wait.
      answer.body.on('error', () => {}).destroy();
    }
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw await refusedRead(registry, answer, subject);
    const size = contentLength(answer);
    if (size !== undefined) return size;
    throw new AirgapError('integrity', `${registry.host} tells no size for ${subject.what}`, {
      expected: 'a Content-Length',
      next: `check the servers in front of ${registry.host}: one of them takes headers away`,
    });
  });
}

export async function getBlob(
  registry: Registry,
  repository: string,
  digest: Digest,
  range?: ByteRange,
): Promise<BlobContent> {
  const release = await registry.exchange.places.enter();
  try {
    const content = await openBlob(registry, repository, digest, range);
    content.body.once('close', release);
    return content;
  } catch (error) {
    release();
    throw error;
  }
}

/** As `getBlob`, for who has a place already. */
export async function openBlob(
  registry: Registry,
  repository: string,
  digest: Digest,
  range?: ByteRange,
  wanted?: AbortSignal,
): Promise<BlobContent> {
  const { host, exchange } = registry;
  const subject = blobSubject(host, repository, digest);
  const open = () => readBlob(registry, subject, range?.start, range?.end);
  const first = await exchange.retry(open, { wanted });
  const part = first.status === 206 ? range : undefined;
  const resume = (position: number) =>
    exchange.whenOpen(() => rest(registry, subject, position, part));
  const body = blobBody(first, { subject, exchange, resume });
  if (wanted) addAbortSignal(wanted, body);
  return { status: first.status === 206 ? 206 : 200, body };
}

/** The rest of a blob, or of a part of it, after so many bytes. */
async function rest(
  registry: Registry,
  subject: Asked,
  position: number,
  part?: ByteRange,
): Promise<Part> {
  const origin = part?.start ?? 0;
  const answer = await readBlob(registry, subject, origin + position, part?.end);
  const from = answer.status === 206 ? (rangeStart(answer) ?? origin + position) : 0;
  if (from <= origin + position) return { answer, start: from - origin };
  answer.body.on('error', () => {}).destroy();
  throw new AirgapError('integrity', `${subject.host} leaves out bytes of ${subject.what}`, {
    given: `bytes from ${from} on`,
    expected: `bytes from ${origin + position} on`,
  });
}

async function readBlob(
  registry: Registry,
  subject: Asked,
  start?: number,
  end?: number,
): Promise<Answer> {
  const headers = start === undefined ? undefined : { range: `bytes=${start}-${end ?? ''}` };
  const answer = await read(registry, 'GET', subject, headers);
  if (answer.status === 200 || answer.status === 206) return answer;
  throw await refusedRead(registry, answer, subject);
}

function read(
  { exchange }: Registry,
  method: 'GET' | 'HEAD',
  { path, repository }: Asked,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return exchange.send({ method, to: path, headers, scopes: [scope(repository, 'pull')] });
}
