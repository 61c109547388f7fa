import { AirgapError } from '../report/error.ts';
import { bareHost, isLinkLocal, isLoopback } from './addresses.ts';

/** One `WWW-Authenticate` challenge (RFC 9110, 11.6.1); names are lower-case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const part = /\s*,?\s*(?:([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w-]+)(?=[\s,]|$))/y;
  for (let match = part.exec(header); match !== null; match = part.exec(header)) {
    const [whole, name, quoted, token, scheme] = match;
    if (whole === '') break;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else if (name !== undefined) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
      const last = challenges.at(-1);
      if (last !== undefined) last.parameters[name.toLowerCase()] = value;
    }
  }
  return challenges;
}

/**
 * The token service's address, which an attacker may have written: https unless the registry is plain HTTP,
 * and never a loopback or link-local address that is not the registry's own host.
 * @throws AirgapError('authentication')
 */
export function checkRealm(realm: string, registry: URL): URL {
  const refuse = (expected: string) =>
    new AirgapError(
      'authentication',
      `${registry.host} names a token service that gets no password`,
      {
        given: JSON.stringify(realm.slice(0, 200)),
        expected,
        next: `check the token realm that ${registry.host} is configured with`,
      },
    );
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const allowed = registry.protocol === 'http:' ? ['http:', 'https:'] : ['https:'];
  if (url === undefined || !allowed.includes(url.protocol)) throw refuse('an https URL');
  if (url.username || url.password) throw refuse('a URL without a user name');
  const host = bareHost(url);
  if ((isLoopback(host) || isLinkLocal(host)) && host !== bareHost(registry)) {
    throw refuse('no loopback or link-local address');
  }
  return url;
}
