import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { removeScratch } from '../disk/scratch.ts';

export interface Interruption {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP (a terminal that closes); every request and child process of a run listens to it. */
  readonly signal: AbortSignal;
  received(): InterruptingSignal | undefined;
  /** What `far` gave when it came: of what is broken off then nothing counts any more. */
  progress(): string | undefined;
}

export type InterruptingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Milliseconds in which a signal is the same one again: a terminal and `npm run` both send it. */
const sameSignal = 1_000;

/**
 * From now on a signal does not end the process, but lets the run end itself in order, within five seconds. A second
 * one does, at once: private folders go, as at every end, and what else it leaves another run goes on with, as after a
 * kill.
 * @param far how far the run is, in words
 */
export function onInterruption(far: () => string | undefined): Interruption {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let received: InterruptingSignal | undefined;
  let receivedAt = 0;
  let progress: string | undefined;
  process.on('exit', removeScratch);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (received && Date.now() - receivedAt > sameSignal) process.exit(exitCodeAfter(name));
      if (received) return;
      [received, receivedAt, progress] = [name, Date.now(), far()];
      controller.abort(new Error(name));
    });
  }
  return { signal: controller.signal, received: () => received, progress: () => progress };
}

/** As a shell tells it. */
export function exitCodeAfter(signal: InterruptingSignal): number {
  return 128 + constants.signals[signal];
}
