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
export function registryWords(body: string, contentType: string): string {
  if (/html/i.test(contentType)) return '';
  return oneLine(distributionErrors(body) ?? body);
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

export function oneLine(text: string): string {
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
