/** A target of the map cut in two: `host[:port]` and the path under it, without slashes around it. */
export interface Target {
  readonly host: string;
  readonly path: string;
  /** The path began with `v2/`: containerd's endpoint wants that, the webhook makes `/v2/v2/` of it. */
  readonly hasApiPath: boolean;
}

/** Reads the value of an entry. Only a first `v2` is the API's; further down it is a repository's name. */
export function readTarget(value: string): Target {
  const [host = '', ...rest] = value.split('/');
  const path = rest.filter((part) => part !== '');
  const hasApiPath = path[0] === 'v2';
  return { host, path: path.slice(hasApiPath ? 1 : 0).join('/'), hasApiPath };
}

/** The target as a reference begins: without `/v2/`, double slashes and a slash at the end. */
export function withoutApiPath(value: string): string {
  const { host, path } = readTarget(value);
  return path === '' ? host : `${host}/${path}`;
}
