import { isRegistryHost, parseReference } from '../oci/reference.ts';
import { AirgapError } from '../report/error.ts';
import { fieldName } from './fields.ts';

/** Holds `ociImageRegistry.endpoint` to `host[:port]`. @throws AirgapError usage, showing the right form */
export function checkEndpoint(endpoint: string): void {
  const field = 'ociImageRegistry.endpoint';
  if (!isHost(endpoint)) throw notHost(field, endpoint);
  if (isTakenAsRegistry(endpoint)) return;
  throw new AirgapError('usage', `${field} would be taken for a name on Docker Hub`, {
    given: endpoint,
    expected: 'a host with a dot or a port',
    next: `write ${endpoint}:443, or the host's full name`,
  });
}

/** Holds one entry of `registries` to `host[:port]`, and its mirror to `host[:port][/path]`. */
export function checkRegistry(host: string, mirror: string | undefined): void {
  const field = fieldName(['registries', host]);
  if (!isHost(host)) throw notHost(field, host);
  if (!isTakenAsRegistry(host)) {
    throw new AirgapError('usage', `${field} is not how images name a registry`, {
      given: host,
      expected: host === 'index.docker.io' ? 'docker.io' : 'a host with a dot or a port',
    });
  }
  if (mirror === undefined || isTakenAsRegistry(mirror.replace(/\/+$/, ''))) return;
  throw new AirgapError('usage', `${field}.mirror is not host[:port][/path]`, {
    given: withoutCredential(mirror),
    expected: bare(mirror).replace(/\/+$/, ''),
    next: plainHttpHint(mirror),
  });
}

/** The base path without slashes around it. @throws AirgapError usage when no repository can lie under it */
export function readBasePath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  if (trimmed === '' || isTakenAsRegistry(`a.example/${trimmed}`)) return trimmed;
  throw new AirgapError('usage', 'ociImageRegistry.baseContentPath is no repository path', {
    given: path,
    expected: 'lower-case letters, digits and single . _ - between, in parts joined by /',
  });
}

/** One path of `pullThrough`. @throws AirgapError usage when it does not lie in the target */
export function readPullThrough(
  path: string,
  index: number,
  { endpoint }: { readonly endpoint: string },
): string {
  const trimmed = path.replace(/\/+$/, '');
  if (`${trimmed}/`.startsWith(`${endpoint}/`)) return trimmed;
  throw new AirgapError('usage', `pullThrough[${index}] does not lie in the target`, {
    given: withoutCredential(path),
    expected: `${endpoint}/PATH`,
  });
}

function notHost(field: string, given: string): AirgapError {
  const host = bare(given).split('/')[0] ?? '';
  return new AirgapError('usage', `${field} is not host[:port]`, {
    given: withoutCredential(given),
    expected: isHost(host) ? host : 'harbor.example.org or harbor.example.org:8443',
    next: plainHttpHint(given) ?? 'write the host alone; a path belongs into baseContentPath',
  });
}

function plainHttpHint(given: string): string | undefined {
  const host = bare(given).split('/')[0];
  return given.startsWith('http://')
    ? `leave out http://, and add registries: {"${host}": {plainHttp: true}}`
    : undefined;
}

function isHost(text: string): boolean {
  const port = /:(\d+)$/.exec(text)?.[1];
  return isRegistryHost(text) && (port === undefined || (Number(port) > 0 && Number(port) < 65536));
}

/** Whether `HOST` or `HOST/PATH` before a repository is read as that host and path. */
function isTakenAsRegistry(prefix: string): boolean {
  const [host = '', ...path] = prefix.split('/');
  try {
    const { registry, repository } = parseReference(`${prefix}/a/b`);
    return isHost(host) && registry === host && repository === [...path, 'a', 'b'].join('/');
  } catch {
    return false;
  }
}

/** Without scheme and credential. */
function bare(url: string): string {
  return url.replace(/^[a-z]+:\/\//i, '').replace(/^[^/]*@/, '');
}

function withoutCredential(url: string): string {
  return url.replace(/^([a-z]+:\/\/)?[^/]*@/i, '$1***@');
}
