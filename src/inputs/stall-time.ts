import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

const variable = 'AIRGAP_BUNDLE_STALL_SECONDS';

/**
 * How long a transfer may be without a byte that is owed, by the environment variable: seconds, 1 to 3600.
 * @returns milliseconds; undefined where it is not set or empty
 * @throws AirgapError usage
 */
export function stallTimeOf(env: Context['env']): number | undefined {
  const text = env[variable];
  if (!text) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 1 && seconds <= 3_600) return seconds * 1_000;
  throw new AirgapError('usage', `${variable} is no length of time that can be waited`, {
    given: text,
    expected: 'seconds, from 1 to 3600 (60 when it is not set)',
  });
}
