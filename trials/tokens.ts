import { randomUUID } from 'node:crypto';
import type { FrontRule } from '../test/helpers/proxy.ts';
import type { Fault } from './faults.ts';

/** A registry that wants a token for everything, and gives one to everybody. */
export interface TokenGate extends Fault {
  readonly challenge: string;
  /** No token given so far holds any more. */
  expire(): void;
}

/** @param realm where tokens are: `http://HOST/token` of the same proxy */
export function tokenGate(realm: string): TokenGate {
  const valid = new Set<string>();
  const challenge = `Bearer realm="${realm}",service="trial"`;
  let given = 0;
  const rule: FrontRule = ({ path, headers }) => {
    if (path.startsWith('/token')) {
      const token = randomUUID();
      valid.add(token);
      given++;
      const body = JSON.stringify({ token, access_token: token, expires_in: 300 });
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    }
    if (valid.has((headers.authorization ?? '').replace('Bearer ', ''))) return undefined;
    const [, repository] = /^\/v2\/(.+?)\/(?:blobs|manifests)\//.exec(path) ?? [];
    const scope = repository ? `,scope="repository:${repository}:pull,push"` : '';
    return { status: 401, headers: { 'www-authenticate': challenge + scope }, body: unauthorized };
  };
  return { rule, challenge, expire: () => valid.clear(), hits: () => given };
}

const unauthorized = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}';
