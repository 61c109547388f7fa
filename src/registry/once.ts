/** Calls `make` once for each input (told apart by `name`), also when asked again while at work or after a failure. */
export function onceEach<I, T>(
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

export function itself(text: string): string {
  return text;
}
