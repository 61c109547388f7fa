/** Two lists laid side by side by the name of each element. */
export interface Matched<T> {
  /** In the second alone. */
  readonly added: readonly T[];
  /** In the first alone. */
  readonly removed: readonly T[];
  readonly both: readonly Change<T>[];
}

/** What something was, and what it is. */
export interface Change<T> {
  readonly from: T;
  readonly to: T;
}

/** In the order of the lists; the second element of a name in one is laid beside the second of that name in the other. */
export function match<T>(
  from: readonly T[],
  to: readonly T[],
  nameOf: (one: T) => string,
): Matched<T> {
  const [older, newer] = [byName(from, nameOf), byName(to, nameOf)];
  return {
    added: [...newer].filter(([name]) => !older.has(name)).map(([, one]) => one),
    removed: [...older].filter(([name]) => !newer.has(name)).map(([, one]) => one),
    both: [...newer].flatMap(([name, one]) => {
      const before = older.get(name);
      return before === undefined ? [] : [{ from: before, to: one }];
    }),
  };
}

/** Null where both are the same JSON. */
export function change<T>(from: T, to: T): Change<T> | null {
  return JSON.stringify(from) === JSON.stringify(to) ? null : { from, to };
}

function byName<T>(list: readonly T[], nameOf: (one: T) => string): ReadonlyMap<string, T> {
  const times = new Map<string, number>();
  return new Map(
    list.map((one) => {
      const name = nameOf(one);
      const time = times.get(name) ?? 0;
      times.set(name, time + 1);
      return [`${time} ${name}`, one];
    }),
  );
}
