import { posix } from 'node:path';
import { shown } from './words.ts';

/** Where containerd sends a request: what it asks for follows behind the path. */
export interface Address {
  readonly scheme: string;
  /** `host[:port]` as written, which is also the name by which containerd looks for a login. */
  readonly authority: string;
  /** Begins with a slash and has none at its end; `/` alone for none. */
  readonly path: string;
}

/** An `endpoint` of a mirror, as containerd completes it: a scheme, and the API's path where there is none at all. */
export function mirrorAddress(endpoint: string): Address | undefined {
  const whole = endpoint.includes('://') ? endpoint : `${schemeOf(endpoint)}://${endpoint}`;
  return readAddress(whole, (path) => (path === '' ? '/v2' : path));
}

/** A `server` or `[host]` of hosts.toml: without `override_path` containerd sees to it that `/v2` ends the path. */
export function hostAddress(server: string, overridePath: boolean): Address | undefined {
  const whole = server.startsWith('http') ? server : `https://${server}`;
  return readAddress(whole, (path) => {
    const clean = path === '' ? '' : posix.normalize(path).replace(/\/$/, '');
    return overridePath || clean.endsWith('/v2') ? clean : `${clean}/v2`;
  });
}

/** The address as a file would have it. Undefined for what has no host. */
export function readAddress(
  url: string,
  complete: (path: string) => string = (path) => path,
): Address | undefined {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#]*@)?([^/?#]+)([^?#]*)/i.exec(url);
  if (parts === null) return undefined;
  const [, scheme = '', authority = '', path = ''] = parts;
  return { scheme: scheme.toLowerCase(), authority, path: joined(complete(path)) };
}

export function printAddress({ scheme, authority, path }: Address): string {
  return `${scheme}://${authority}${path === '/' ? '' : path}`;
}

export function isSameHost(one: Address, other: Address): boolean {
  return hostOf(one) === hostOf(other);
}

/** Why what is found does not reach what is wanted; undefined where it does. */
export function whyNot(found: Address, wanted: Address): string | undefined {
  if (
    found.authority.toLowerCase() !== wanted.authority.toLowerCase() &&
    !isSameHost(found, wanted)
  )
    return `another host than ${wanted.authority}`;
  if (found.scheme !== wanted.scheme) return whyNotScheme(wanted);
  return found.path === wanted.path ? undefined : whyNotPath(found.path, wanted.path);
}

function whyNotScheme({ scheme }: Address): string {
  return scheme === 'https'
    ? 'plain HTTP, and the target speaks TLS alone'
    : 'TLS, and the target speaks plain HTTP alone';
}

function whyNotPath(found: string, wanted: string): string {
  if (found.startsWith('/v2/v2')) return '/v2/ is in it twice';
  if (joined(`/v2${found}`) === wanted)
    return 'without /v2/ it is not the registry API: containerd uses the path as it is';
  const added = found.replace(/\/v2$/, '');
  if (added !== found && (added === wanted || joined(`/v2${added}`) === wanted))
    return `containerd asks ${shown(found)}/…: without override_path = true it puts /v2 behind the path`;
  return `another path than ${wanted}`;
}

/** A mirror's `endpoint` without a scheme: plain HTTP is for this machine alone. */
function schemeOf(endpoint: string): string {
  const host = /^(?:\[([^\]]*)\]|([^/:]*))/.exec(endpoint);
  const name = host?.[1] ?? host?.[2] ?? '';
  return name === 'localhost' || name === '::1' || /^127(?:\.\d+){3}$/.test(name)
    ? 'http'
    : 'https';
}

function hostOf({ scheme, authority }: Address): string {
  const usual = scheme === 'http' ? ':80' : ':443';
  const host = authority.toLowerCase();
  return host.endsWith(usual) ? host.slice(0, -usual.length) : host;
}

/** As containerd joins path and request, without empty parts. */
function joined(path: string): string {
  const whole = posix.join('/', path);
  return whole === '/' ? whole : whole.replace(/\/$/, '');
}
