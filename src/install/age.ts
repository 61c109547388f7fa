import { execa } from 'execa';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';

/**
 * Encrypts by the age tool on PATH, to each of the recipients. The text goes by standard input. No two runs give the
 * same bytes, but as many.
 * @throws AirgapError tool where there is no age; usage for a recipient that it refuses
 */
export async function encryptTo(
  recipients: readonly string[],
  text: Buffer,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<Buffer> {
  const named = recipients.flatMap((recipient) => ['--recipient', recipient]);
  const { stdout, stderr, failed, code, exitCode } = await execa('age', ['--encrypt', ...named], {
    // A plugin of age is found on PATH, and keeps its settings in HOME.
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '' },
    extendEnv: false,
    input: text,
    encoding: 'buffer',
    stripFinalNewline: false,
    cancelSignal: signal,
    reject: false,
  });
  if (!failed) return Buffer.from(stdout);
  signal.throwIfAborted();
  if (exitCode === undefined) throw missing(code);
  throw new AirgapError('usage', 'age cannot encrypt the pull credential', {
    given: oneLine(Buffer.from(stderr).toString()),
    expected: 'recipients that this age takes, in credentials.age',
  });
}

function missing(code: string | undefined): AirgapError {
  return new AirgapError('tool', 'age was not found', {
    given: code === 'ENOENT' ? 'no age on PATH' : (code ?? 'age cannot be run'),
    expected: 'age 1.0 or later, to encrypt the pull credential',
    next: 'install it: https://github.com/FiloSottile/age, or apt-get install age',
  });
}
