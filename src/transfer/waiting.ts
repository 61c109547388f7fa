/** Calls `make` once for each input (told apart by `name`), also when asked again while at work or after a failure. */
export function once<I, T>(
  name: (input: I) => string,
  make: (input: I) => Promise<T>,
): (input: I) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (input) => {
    const promise = made.get(name(input)) ?? make(input);
    made.set(name(input), promise);
    return promise;
  };
}

/** Like Promise.all, but nothing is still at work when it throws (the first failure in order). */
export async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

export interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export function deferred(): Deferred {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** At most `limit` calls at a time, first come first served. */
export function gate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < limit) running++;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
