import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Where the sandbox keeps its files; git ignores it. */
export const sandbox = join(root, 'sandbox');

/** Something that whoever started it can mend. */
export class CannotStart extends Error {}

/**
 * Starts something, says that it is ready, and ends it on Ctrl-C.
 * @param start returns what to say; it puts what is to be undone into the list, the last of which goes first
 */
export async function untilStopped(
  start: (leftovers: (() => Promise<unknown>)[]) => Promise<string>,
): Promise<void> {
  const leftovers: (() => Promise<unknown>)[] = [];
  const stopped = new Promise<number>((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
  // Registries are children, which do not keep this process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    console.log(`ready: ${await start(leftovers)}\nCtrl-C ends it and removes what it made`);
    process.exitCode = await stopped;
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    clearInterval(alive);
    for (const remove of leftovers.reverse()) await remove();
  }
}
