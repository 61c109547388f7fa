import { execa } from 'execa';
import type { Context } from '../context.ts';
import { helperEnvironment } from '../registry/docker-credentials.ts';
import { AirgapError, type ErrorClass } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';

/** `absent`: there is no `aws` on PATH. */
export type AwsAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'absent' }
  /** `code` is the service's, such as `RepositoryNotFoundException`; empty where the program failed by itself. */
  | { readonly kind: 'failed'; readonly code: string; readonly words: string };

/** It waits and tries again by itself, as its own settings say. */
const longestCall = 300_000;

/** One call of the AWS CLI, version 1 or 2. Its credentials and settings are its own affair. */
export async function aws(
  words: readonly string[],
  { env, cwd, signal }: Pick<Context, 'env' | 'cwd' | 'signal'>,
): Promise<AwsAnswer> {
  const ended = await execa('aws', [...words, '--output', 'json'], {
    env: { ...helperEnvironment(env), AWS_PAGER: '', AWS_CLI_AUTO_PROMPT: 'off' },
    extendEnv: false,
    cwd,
    stdin: 'ignore',
    cancelSignal: signal,
    timeout: longestCall,
    reject: false,
  });
  signal.throwIfAborted();
  if (ended.code === 'ENOENT') return { kind: 'absent' };
  if (!ended.failed) return { kind: 'done' };
  const said = ended.timedOut ? 'timed out' : ended.stderr || (ended.shortMessage ?? '');
  const code = /An error occurred \((\w+)\)/.exec(said)?.[1] ?? '';
  return { kind: 'failed', code, words: oneLine(said) };
}

/** What a failure means to who asked for `operation`, such as `ecr:CreateRepository`. */
export function awsFailure(
  { code, words }: { readonly code: string; readonly words: string },
  operation: string,
  repository: string,
): AirgapError {
  const kind = kinds.find(({ matches }) => matches.test(code || words)) ?? other;
  const isRead = operation.startsWith('ecr:Describe');
  const errorClass = (isRead && kind.ofRead) || kind.errorClass;
  return new AirgapError(errorClass, `aws refuses ${operation} of ${repository}`, {
    given: words,
    next: kind.next(operation),
  });
}

interface Kind {
  /** The code, or of a failure without one the words. */
  readonly matches: RegExp;
  readonly errorClass: ErrorClass;
  /** Of a call that only looks, where that is another. */
  readonly ofRead?: ErrorClass;
  next(operation: string): string;
}

const kinds: readonly Kind[] = [
  {
    matches: /^AccessDenied|^UnauthorizedOperation/,
    errorClass: 'refused',
    ofRead: 'authentication',
    next: (operation) =>
      `allow ${operation} to the identity that aws uses (aws sts get-caller-identity)`,
  },
  {
    matches:
      /^Expired|^UnrecognizedClient|^InvalidClientTokenId|Signature|credentials|config profile|\bSSO\b|\btoken\b/i,
    errorClass: 'authentication',
    next: () => 'log in with the AWS CLI: aws sts get-caller-identity must work',
  },
  {
    matches:
      /^Throttling|^TooManyRequests|^RequestLimit|^Server|^ServiceUnavailable|^Internal|could not connect|timed? ?out|connection was closed/i,
    errorClass: 'transient',
    next: () => 'run again: what was made is not made twice',
  },
  {
    matches: /^usage:|unknown options|invalid choice/i,
    errorClass: 'tool',
    next: () => 'bring the AWS CLI up to date',
  },
];

const other: Kind = {
  matches: /./,
  errorClass: 'refused',
  next: () => 'mend what AWS objects to, then run again',
};
