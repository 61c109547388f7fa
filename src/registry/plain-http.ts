import { AirgapError } from '../report/error.ts';
import { bareHost, isLoopback } from './addresses.ts';

/** Whether nobody on the way can read what is sent to this URL: it is TLS, or does not leave this machine. */
export function isPrivate(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(bareHost(url));
}

/** @throws AirgapError('usage'): what stands in for a credential that would go to `url` readable by all */
export function overPlainHttp(host: string, url: URL): AirgapError {
  return new AirgapError('usage', `a credential for ${host} would travel over plain HTTP`, {
    given: url.origin,
    expected: 'https, or a registry on loopback',
    next: 'set up TLS, or add --allow-plain-http-credentials if the network is yours alone',
  });
}
