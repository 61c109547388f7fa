import { AirgapError } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';
import { Transient } from './retry.ts';

/**
 * What a failed connection means; undefined when it is none of the known ways to fail.
 * @param proxy its host, where there is one: it is the proxy then that cannot be reached
 */
export function connectionFailure(
  error: unknown,
  { host, origin }: URL,
  proxy?: string,
): AirgapError | Transient | undefined {
  const { code, text } = rootOf(error);
  const rule = connectionRules.find(({ codes }) => codes.test(code) || codes.test(text));
  if (rule === undefined) return undefined;
  const { transient } = rule;
  const peer =
    transient === 'unreachable' && code !== aborted && proxy ? `the proxy ${proxy}` : host;
  const failure = new AirgapError(transient ? 'transient' : 'usage', rule.say(peer), {
    given: [...new Set([code, oneLine(text)])].filter(Boolean).join(': '),
    next: rule.next(peer),
    cause: error,
  });
  if (!transient) return failure;
  return new Transient(failure, { origin, isUnreachable: transient === 'unreachable' });
}

/** What a code of Node (or one that means the same) says; undefined for one that is not known. */
export function classOfConnection(code: string): 'transient' | 'usage' | undefined {
  const rule = connectionRules.find(({ codes }) => codes.test(code));
  return rule && (rule.transient ? 'transient' : 'usage');
}

interface ConnectionRule {
  /** Matches the error's code or its text. */
  readonly codes: RegExp;
  readonly transient: false | 'unreachable' | 'broken';
  say(host: string): string;
  next(host: string): string;
}

/** What undici calls a tunnel that the proxy refused. */
const aborted = 'UND_ERR_ABORTED';

const again = () => 'run again to resume';

const connectionRules: readonly ConnectionRule[] = [
  {
    codes: /^CERT_HAS_EXPIRED$|^CERT_NOT_YET_VALID$/,
    transient: false,
    say: (host) => `the certificate of ${host} has expired or is not valid yet`,
    next: () => 'renew the certificate, or set the clock of this machine right',
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    transient: false,
    say: (host) => `the certificate of ${host} is for another name`,
    next: () => 'use a name that the certificate has, or have it issued for this one',
  },
  {
    codes: /^(?:UNABLE_TO_\w+|\w*SELF_SIGNED\w*|CERT_UNTRUSTED|INVALID_CA)$/,
    transient: false,
    say: (host) => `the certificate of ${host} is from an authority that is not trusted here`,
    next: (host) =>
      `give the authority's PEM: of the target as ociImageRegistry.caCert, which the cluster gets too; of a source as caCert of registries."${host}"`,
  },
  {
    codes:
      /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$|wrong version number/i,
    transient: false,
    say: (host) => `${host} does not speak TLS`,
    next: (host) => `if it is meant to be plain HTTP: registries."${host}": {plainHttp: true}`,
  },
  {
    codes: /^(?:CERT_\w+|CRL_\w+|ERR_SSL_\w+|ERR_TLS_\w+|EPROTO)$/,
    transient: false,
    say: (host) => `no TLS connection to ${host}`,
    next: (host) => `look at it with: openssl s_client -connect ${host}`,
  },
  {
    codes: /^HPE_|^UND_ERR_RESPONSE_STATUS_CODE$/,
    transient: false,
    say: (host) => `${host} does not speak HTTP`,
    next: (host) =>
      `check host and port; if it wants TLS, remove plainHttp of registries."${host}"`,
  },
  {
    codes: /Proxy.*407/,
    transient: false,
    say: (host) => `the proxy on the way to ${host} wants a user name and a password`,
    next: () => 'put them into HTTP_PROXY and HTTPS_PROXY, or the host into NO_PROXY',
  },
  {
    codes: /^Proxy response \(5/,
    transient: 'unreachable',
    say: (host) => `${host} cannot be reached through the proxy`,
    next: () => 'check the proxy in HTTP_PROXY and HTTPS_PROXY, then run again',
  },
  {
    codes: /^Proxy response/,
    transient: false,
    say: (host) => `the proxy does not let us through to ${host}`,
    next: () => 'check HTTP_PROXY and HTTPS_PROXY, or put the host into NO_PROXY',
  },
  {
    codes: /^(?:ENOTFOUND|EAI_\w+|ENODATA)$/,
    transient: 'unreachable',
    say: (host) => `no address is known for ${host}`,
    next: () => 'check the name and the DNS of this machine, then run again',
  },
  {
    codes: /^ECONNREFUSED$/,
    transient: 'unreachable',
    say: (host) => `${host} refuses the connection`,
    next: () => 'check that the registry runs on this port, then run again',
  },
  {
    codes:
      /^(?:EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/,
    transient: 'unreachable',
    say: (host) => `${host} cannot be reached`,
    next: () => 'check the network or HTTPS_PROXY, then run again',
  },
  {
    codes: /^(?:UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/,
    transient: 'broken',
    say: (host) => `${host} stopped answering`,
    next: again,
  },
  {
    codes: /^(?:ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/,
    transient: 'broken',
    say: (host) => `the connection to ${host} broke off`,
    next: again,
  },
];

/** The innermost error with a code says most; a proxy or a pool wraps it. */
function rootOf(error: unknown): { code: string; text: string } {
  let found = { code: '', text: '' };
  for (let e = error; e instanceof Error; e = e.cause) {
    const { code } = e as { code?: unknown };
    if (typeof code === 'string' || found.text === '') {
      found = { code: typeof code === 'string' ? code : '', text: e.message };
    }
  }
  return found;
}
