import { setTimeout as sleep } from 'node:timers/promises';
import { AirgapError } from '../report/error.ts';

/** Pauses before the second and third attempt, in milliseconds; oras has retried for seconds by then. */
const pauses = [1_000, 5_000] as const;

/** Runs it again while it fails for a reason that may pass. The one place where oras is retried. */
export async function retryTransient<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (const pause of pauses) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AirgapError) || error.class !== 'transient') throw error;
      await sleep(pause, undefined, { signal });
    }
  }
  return attempt();
}
