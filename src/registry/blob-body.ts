import { type Readable, Transform } from 'node:stream';
import { AirgapError } from '../report/error.ts';
import { contentLength } from './answers.ts';
import type { Subject } from './failures.ts';
import { Transient } from './retry.ts';
import type { Answer } from './transport.ts';

/**
 * The body of an answer, ending with an AirgapError when it breaks off or is shorter than announced.
 * @param classify what an error of the connection means
 */
export function blobBody(
  answer: Answer,
  subject: Subject,
  classify: (error: unknown) => unknown,
): Readable {
  const expected = contentLength(answer);
  let size = 0;
  const body = new Transform({
    transform: (chunk: Buffer, _, done) => {
      size += chunk.length;
      done(null, chunk);
    },
    flush: (done) => {
      if (expected === undefined || size === expected) done();
      else done(incomplete(subject, size, expected));
    },
  });
  answer.body.on('error', (error) => {
    const failure = classify(error);
    body.destroy(failure instanceof Transient ? failure.failure : (failure as Error));
  });
  body.once('close', () => answer.body.destroy());
  return answer.body.pipe(body);
}

function incomplete({ what, host }: Subject, size: number, expected: number): AirgapError {
  return new AirgapError('transient', `${what} came incomplete from ${host}`, {
    given: `${size} bytes`,
    expected: `${expected} bytes`,
    next: 'run again to resume',
  });
}
