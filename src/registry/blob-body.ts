import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { AirgapError } from '../report/error.ts';
import { contentLength } from './answers.ts';
import type { Exchange } from './exchange.ts';
import type { Subject } from './failures.ts';
import { Transient } from './retry.ts';
import type { Answer } from './transport.ts';

/** Bytes that are asked for in as many requests as it takes. */
export interface BlobRequest {
  readonly subject: Subject;
  readonly exchange: Exchange;
  /** Asks for what comes after so many bytes of the body. @throws Transient, AirgapError */
  resume(position: number): Promise<Part>;
}

export interface Part {
  readonly answer: Answer;
  /** Position in the body of its first byte; before the one that was asked for where ranges are not known. */
  readonly start: number;
}

/** So much must come in one try for tries and budget to begin anew, bytes: nobody waits for a server that drips. */
const headway = 256 * 1024;

/**
 * The body that begins with this answer. Where it breaks off it is asked for again from there, by the rules of
 * every other request; tries and budget begin anew whenever it has come a good deal further.
 */
export function blobBody(first: Answer, request: BlobRequest): Readable {
  const body = new PassThrough();
  const closed = new AbortController();
  body.once('close', () => closed.abort());
  const { signal } = request.exchange;
  signal.addEventListener('abort', () => body.destroy(signal.reason), { signal: closed.signal });
  fill(body, first, request, closed.signal).then(
    () => body.end(),
    (error) => body.destroy(error),
  );
  return body;
}

async function fill(
  body: PassThrough,
  first: Answer,
  { subject, exchange, resume }: BlobRequest,
  closed: AbortSignal,
): Promise<void> {
  const size = contentLength(first);
  const attempts = exchange.attempts();
  let next: Part | undefined = { answer: first, start: 0 };
  let position = 0;
  let begun = 0;
  const take = async (bytes: Buffer) => {
    position += bytes.length;
    if (position - begun >= headway) attempts.progressed();
    exchange.places.moved(bytes.length);
    if (!body.write(bytes)) await once(body, 'drain', { signal: closed });
  };
  for (;;) {
    try {
      const part: Part = next ?? (await resume(position));
      next = undefined;
      begun = position;
      await stoppable(part, closed, () =>
        read(part, { from: position, ...(size !== undefined && { to: size }) }, take, exchange),
      );
      if (size !== undefined && position < size) throw incomplete(subject, position, size);
      return;
    } catch (error) {
      closed.throwIfAborted();
      if (position === size) return;
      await attempts.pauseAfter(error, closed);
    }
  }
}

/** Hands on what of a part is in the range, which is relative to the body. @throws Transient, AirgapError */
async function read(
  { answer, start }: Part,
  { from, to = Number.POSITIVE_INFINITY }: { readonly from: number; readonly to?: number },
  take: (bytes: Buffer) => Promise<void>,
  exchange: Exchange,
): Promise<void> {
  let at = start;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      const fresh = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += chunk.length;
      if (fresh.length > 0) await take(fresh);
    }
  } catch (error) {
    throw exchange.failure(error, answer.url);
  }
}

/** Whoever does not want the body any more shall not wait for a server that stalls. */
async function stoppable(
  { answer: { body } }: Part,
  closed: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const stop = () => body.destroy();
  body.on('error', () => {});
  closed.addEventListener('abort', stop, { once: true });
  try {
    await work();
  } finally {
    closed.removeEventListener('abort', stop);
  }
}

function incomplete({ what, host }: Subject, size: number, expected: number): Transient {
  return new Transient(
    new AirgapError('transient', `${what} came incomplete from ${host}`, {
      given: `${size} bytes`,
      expected: `${expected} bytes`,
      next: 'run again to resume',
    }),
  );
}
