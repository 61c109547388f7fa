import { stripVTControlCharacters } from 'node:util';
import { AirgapError } from '../report/error.ts';
import { Transient } from './retry.ts';

/** Where an answer came from and what it was about, for the message. */
export interface Subject {
  readonly host: string;
  /** `manifest a/b:1`, `blob sha256:… of a/b`, … */
  readonly what: string;
  readonly repository: string;
}

/**
 * What a failed connection means; undefined when it is none of the known ways to fail.
 * @param proxy its host, where there is one: it is the proxy then that cannot be reached
 */
export function connectionFailure(
  error: unknown,
  host: string,
  proxy?: string,
): AirgapError | Transient | undefined {
  const { code, text } = rootOf(error);
  const rule = connectionRules.find(({ codes }) => codes.test(code) || codes.test(text));
  if (rule === undefined) return undefined;
  const { transient } = rule;
  const peer =
    transient === 'unreachable' && code !== aborted && proxy ? `the proxy ${proxy}` : host;
  const failure = new AirgapError(transient ? 'transient' : 'usage', rule.say(peer), {
    given: [...new Set([code, safeText(text)])].filter(Boolean).join(': '),
    next: rule.next(peer),
    cause: error,
  });
  if (!transient) return failure;
  return new Transient(failure, { unreachable: transient === 'unreachable' });
}

/** An answer to a read that is neither success nor "not there". */
export function readFailure(status: number, text: string, subject: Subject): AirgapError {
  const given = `${status} from ${subject.host}${text && `: ${text}`}`;
  if (status === 401 || status === 403) {
    return new AirgapError('authentication', `${subject.host} refuses to read ${subject.what}`, {
      given,
      next: `give the account the right to pull ${subject.repository}, or log in: docker login ${subject.host}`,
    });
  }
  if (status === 416) {
    return new AirgapError('integrity', `${subject.what} is smaller than its descriptor says`, {
      given,
    });
  }
  return new AirgapError('usage', `cannot read ${subject.what} from ${subject.host}`, {
    given,
    next: /HTTP request.* HTTPS/i.test(text)
      ? `remove plainHttp of registries."${subject.host}"`
      : 'check the reference, and that the host is a registry',
  });
}

/** An answer to a write that will not change by trying again. */
export function pushFailure(status: number, text: string, subject: Subject): AirgapError {
  return new AirgapError('refused', `${subject.host} refuses ${subject.what}`, {
    given: `${status}${text && `: ${text}`}`,
    next: pushCures[status] ?? `see what ${subject.host} logs about it`,
  });
}

export function wrongCredentials(host: string, anonymous: boolean, text: string): AirgapError {
  const message = anonymous
    ? `${host} wants a login, and there are no credentials for it`
    : `${host} does not accept the credentials given for it`;
  return new AirgapError('authentication', message, {
    ...(text && { given: text }),
    next: `docker login ${host}`,
  });
}

/** 429 and the 5xx that pass. */
export function isPassing(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

export function passingFailure(
  status: number,
  text: string,
  host: string,
  retryAfter: number | undefined,
): Transient {
  const wait = retryAfter === undefined ? undefined : Math.ceil(retryAfter / 1000);
  const message =
    status === 429 ? `${host} asks for fewer requests` : `${host} is not able to answer now`;
  const failure = new AirgapError('transient', message, {
    given: `${status}${text && `: ${text}`}`,
    next: wait === undefined ? 'run again to resume' : `run again in ${wait} s to resume`,
  });
  return new Transient(failure, retryAfter === undefined ? {} : { retryAfter });
}

/** A registry's own words, made fit for a terminal and a log: one line, no control characters, at most 300. */
export function errorText(body: string, contentType: string): string {
  if (/html/i.test(contentType)) return '';
  return safeText(distributionErrors(body) ?? body);
}

function distributionErrors(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: { code?: unknown; message?: unknown }[] };
    if (!Array.isArray(errors) || errors.length === 0) return undefined;
    return errors.map(({ code, message }) => [code, message].filter(Boolean).join(': ')).join('; ');
  } catch {
    return undefined;
  }
}

export function safeText(text: string): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

const pushCures: Readonly<Record<number, string>> = {
  403: 'give the account the right to push there; a proxy cache cannot be pushed to: name it in pullThrough',
  404: 'make the repository or project in the target first: plan --output repositories lists them',
  409: 'the tag is immutable and holds something else: choose another tag or delete it there',
  412: 'the tag is immutable and holds something else: choose another tag or delete it there',
  413: "raise the body size that the registry's front server accepts",
  507: 'free space or raise the quota in the target',
};

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
    next: (host) => `give the authority's PEM as caCert of registries."${host}"`,
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
