import { AirgapError, type ErrorClass } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';
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
  const { host, what, repository } = subject;
  const given = `${status} from ${host}${text && `: ${text}`}`;
  const errorClass = classOf(status, text, 'read');
  if (errorClass === 'authentication') {
    return new AirgapError(errorClass, `${host} refuses to read ${what}`, {
      given,
      next: `give the account the right to pull ${repository}, or log in: docker login ${host}`,
    });
  }
  if (errorClass === 'integrity')
    return new AirgapError(errorClass, `${what} is smaller than its descriptor says`, {
      given,
      next: 'push the image to its registry again: what is stored there is damaged',
    });
  return new AirgapError(errorClass, `cannot read ${what} from ${host}`, {
    given,
    next: /HTTP request.* HTTPS/i.test(text)
      ? `remove plainHttp of registries."${host}"`
      : 'check the reference, and that the host is a registry',
  });
}

/** An answer to a write that will not change by trying again. */
export function pushFailure(status: number, text: string, subject: Subject): AirgapError {
  const { host, what } = subject;
  const errorClass = classOf(status, text, 'write');
  const message =
    errorClass === 'integrity' ? `${what} came to ${host} damaged` : `${host} refuses ${what}`;
  return new AirgapError(errorClass, message, {
    given: `${status}${text && `: ${text}`}`,
    next: pushCures[status] ?? `see what ${host} logs about it`,
  });
}

/** Whether a registry says that a manifest names something that is not there. */
export function lacksContent({ given = '' }: AirgapError): boolean {
  return /(?:manifest|blob)[_ ]unknown\b/i.test(given);
}

export function wrongCredentials(host: string, anonymous: boolean, text: string): AirgapError {
  const message = anonymous
    ? `${host} wants a login, and there are no credentials for it`
    : `${host} does not accept the credentials given for it`;
  return new AirgapError('authentication', message, {
    ...(text && { given: text }),
    next: `docker login ${host}, or ${anonymous ? 'give' : 'mend'} the user and password file of the command${/action: push|project \S+ not found/.test(text) ? notThereYet : ''}`,
  });
}

/** Harbor refuses a push to where nothing is as one by who may not push (goharbor/harbor issue 966). */
const notThereYet = '; if the project is not there yet: airgap-bundle prepare';

/**
 * What an answer that is not "yes" means: the one place that judges, for the answers to our client and for those that
 * oras tells of.
 * @param words what the registry said, its code (distribution-spec, "Error Codes") among them
 */
export function classOf(status: number, words: string, asked: 'read' | 'write'): ErrorClass {
  if (isPassing(status)) return 'transient';
  if (status === 401) return 'authentication';
  if (status === 416 || /(?:digest|size)[_ ]invalid/i.test(words)) return 'integrity';
  if (asked === 'write') return 'refused';
  return status === 403 ? 'authentication' : 'usage';
}

/** 408, 425, 429, the 5xx that pass, and 520 to 530 of servers in front that do not reach the registry. */
export function isPassing(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status) || (status >= 520 && status <= 530);
}

export function passingFailure(
  status: number,
  text: string,
  { host, origin }: URL,
  retryAfter: number | undefined,
): Transient {
  const message =
    status === 429 ? `${host} asks for fewer requests` : `${host} is not able to answer now`;
  const failure = new AirgapError('transient', message, {
    given: `${status}${text && `: ${text}`}`,
    next: runAgain(retryAfter),
  });
  const isLimit = status === 429 || retryAfter !== undefined;
  return new Transient(failure, { retryAfter, origin, isLimit });
}

/** @param wait milliseconds, where the server has said when */
export function runAgain(wait?: number): string {
  return wait === undefined
    ? 'run again to resume'
    : `run again in ${Math.ceil(wait / 1000)} s to resume`;
}

/** A registry's own words, made fit for a message. */
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

const pushCures: Readonly<Record<number, string>> = {
  403: 'give the account the right to push there; a proxy cache cannot be pushed to: name it in pullThrough',
  404: 'make the repository or project in the target first: airgap-bundle prepare does, and lists with --dry-run',
  409: 'the tag is immutable and holds something else: choose another tag or delete it there',
  412: 'the tag is immutable and holds something else: choose another tag or delete it there',
  413: "raise the body size that the registry's front server accepts",
  507: 'free space or raise the quota in the target',
};
