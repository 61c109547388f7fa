import { setMaxListeners } from 'node:events';

export interface Interruption {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP (a terminal that closes); every request and child process of a run listens to it. */
  readonly signal: AbortSignal;
  received(): InterruptingSignal | undefined;
}

export type InterruptingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** From now on a signal does not end the process, but lets the run end itself in order. */
export function onInterruption(): Interruption {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let received: InterruptingSignal | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      received ??= name;
      controller.abort(new Error(name));
    });
  }
  return { signal: controller.signal, received: () => received };
}
