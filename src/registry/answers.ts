import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { manifestTypes } from '../oci/media-types.ts';
import { AirgapError } from '../report/error.ts';
import { locationFrom } from './exchange.ts';
import type { Subject } from './failures.ts';
import type { Answer } from './transport.ts';

function header(answer: Answer, name: string): string {
  return answer.headers[name]?.toString() ?? '';
}

/** Undefined where it is not told. */
export function contentLength(answer: Answer): number | undefined {
  const text = header(answer, 'content-length');
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The first byte that a 206 brings (RFC 9110, 14.4); undefined where it is not told. */
export function rangeStart(answer: Answer): number | undefined {
  const start = /^bytes (\d+)-/.exec(header(answer, 'content-range'))?.[1];
  return start === undefined ? undefined : Number(start);
}

export function uploadLocation(answer: Answer): URL | undefined {
  const location = header(answer, 'location');
  return location === '' ? undefined : locationFrom(answer.url, location);
}

function contentType(answer: Answer): string {
  return header(answer, 'content-type').split(';', 1)[0]?.trim() ?? '';
}

/** Undefined when the headers do not say it all. */
export function describedBy(answer: Answer): Descriptor | undefined {
  const digest = header(answer, 'docker-content-digest');
  const size = contentLength(answer);
  const mediaType = contentType(answer);
  const known = (manifestTypes as readonly string[]).includes(mediaType);
  return isDigest(digest) && size && known ? { mediaType, digest, size } : undefined;
}

/** Checks the bytes against the digest asked for and the one the registry states. */
export function checkedDigest(
  bytes: Buffer,
  reference: string,
  answer: Answer,
  subject: Subject,
): Digest {
  const stated = header(answer, 'docker-content-digest');
  if (isDigest(stated)) expectDigest(stated, digestOf(bytes, algorithmOf(stated)), subject);
  else if (stated !== '') expectDigest(stated, digestOf(bytes), subject);
  if (!isDigest(reference)) return isDigest(stated) ? stated : digestOf(bytes);
  expectDigest(reference, digestOf(bytes, algorithmOf(reference)), subject);
  return reference;
}

/** @throws AirgapError('integrity') */
export function expectDigest(expected: string, given: Digest, subject: Subject): void {
  if (given === expected) return;
  throw new AirgapError('integrity', `${subject.what} from ${subject.host} has another digest`, {
    given,
    expected,
    next: 'something between here and the registry changes content, or its storage is damaged',
  });
}

/** Content-Type; where that is a general one, what the document says of itself. */
export function mediaTypeOf(answer: Answer, bytes: Buffer): string {
  const type = contentType(answer);
  if (type.startsWith('application/vnd.')) return type;
  try {
    const { mediaType } = JSON.parse(bytes.toString()) as { mediaType?: unknown };
    return typeof mediaType === 'string' ? mediaType : type;
  } catch {
    return type;
  }
}
