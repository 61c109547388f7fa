import { classOfConnection } from '../registry/connection-failures.ts';
import { classOf } from '../registry/failures.ts';
import { AirgapError, type ErrorClass } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';

/** Which end of a copy an error of oras speaks of. */
export type CopyEnd = 'source' | 'target';

/** A copy that oras did not make. */
export class OrasFailure extends AirgapError {
  readonly end: CopyEnd;
  /** What that end answered, as far as oras tells; not for how long it wants to be left alone. */
  readonly status: number | undefined;
  /** Whether its words are known here: of a code of its own making oras does not tell the status. */
  readonly isUnderstood: boolean;

  /**
   * @param stderr what oras wrote; tables of real output are in the tests
   * @param copying `host/repository@digest to host/repository`, or the path of a file for the first
   */
  constructor(stderr: string, copying: string) {
    const text = oneLine(withoutQueries(firstError(stderr)), longest);
    const end = endOf(text);
    const words = withoutNames(text, copying);
    const said = saidIn(words);
    const errorClass = judge(said, words, end);
    super(errorClass, `oras could not copy ${copying}`, {
      given: text || 'oras said nothing',
      next: nextStep(errorClass, end),
    });
    this.end = end;
    this.status = said?.status;
    this.isUnderstood = said !== undefined;
  }
}

const longest = 1_000;

/** What oras's words come to: a status that a registry answered, what Node calls such a connection, or what it is. */
type Said =
  | { readonly status: number }
  | { readonly status?: never; readonly code: string }
  | { readonly status?: never; readonly class: ErrorClass };

/** What a registry says or does is judged as it is for our own client (registry/failures.ts). */
function judge(said: Said | undefined, text: string, end: CopyEnd): ErrorClass {
  if (said === undefined) return end === 'target' ? 'refused' : 'tool';
  if (said.status !== undefined) return classOf(said.status, text, asked[end]);
  return 'class' in said ? said.class : (classOfConnection(said.code) ?? 'tool');
}

const asked = { source: 'read', target: 'write' } as const;

function endOf(text: string): CopyEnd {
  return /destination registry/.test(text) ? 'target' : 'source';
}

function saidIn(text: string): Said | undefined {
  const status = /status code (\d{3})/.exec(text)?.[1];
  const found = vocabulary.find(([pattern]) => pattern.test(text))?.[1];
  return status === undefined ? found : { status: Number(status) };
}

/**
 * Of Go's errors, and of a registry's codes as oras spells them (`NAME_UNKNOWN` is `name unknown: `), the first that
 * is found.
 */
const vocabulary: readonly (readonly [RegExp, Said])[] = [
  [/x509: |tls: .*certificate/, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }],
  [/HTTP response to HTTPS client/, { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
  [/failed to find path|no space left on device|read-only file system/, { class: 'io' }],
  [/does not look like a tar archive|archive\/tar: /, { class: 'integrity' }],
  [/mismatched? digest|digest mismatch|does not match digest/i, { class: 'integrity' }],
  [/credential not found|unauthorized(?:: |$)|authentication required/i, { status: 401 }],
  // A 401 in an upload that it cannot begin again.
  [/request body is not rewindable/, { status: 401 }],
  [/toomanyrequests(?:: |$)|: too many requests/i, { status: 429 }],
  [/connection refused/, { code: 'ECONNREFUSED' }],
  [/connection reset|broken pipe|closed network connection/, { code: 'ECONNRESET' }],
  [/no such host|server misbehaving/, { code: 'ENOTFOUND' }],
  [/network is unreachable|no route to host/, { code: 'ENETUNREACH' }],
  [/timeout|deadline exceeded/i, { code: 'ETIMEDOUT' }],
  [/\bEOF\b|mismatch Content-Length|GOAWAY|stream error/, { code: 'ECONNRESET' }],
  [/transport connection broken|with Body length/, { code: 'ECONNRESET' }],
  [/digest invalid|size invalid/i, { status: 400 }],
  [/unavailable(?:: |$)/i, { status: 503 }],
  [/: unknown(?:: |$)/, { status: 500 }],
  [/denied(?:: |$)|forbidden/i, { status: 403 }],
  [/not found$|(?:name|manifest|blob) unknown(?:: |$)/, { status: 404 }],
  [/: precondition|immutable|unsupported|too large|quota| invalid(?:: |$)/i, { status: 400 }],
];

/** Lines of advice follow the first line, and name our private files. */
function firstError(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => line.startsWith('Error')) ?? lines.find((line) => line !== '') ?? '';
}

/** Upload sessions and redirects carry secrets in their query. */
function withoutQueries(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s"?]*)\?[^\s"]*/g, '$1?…');
}

/** A repository may be called anything, `team/timeout-svc` too. */
function withoutNames(text: string, copying: string): string {
  const called = copying
    .split(/[\s@]/)
    .filter((name) => name.includes('/'))
    .flatMap((name) => [name, ...name.split(/\/(.*)/)])
    // Of one plain word nobody can tell what it stands for.
    .filter((name) => /[^a-z0-9]/.test(name))
    .map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const plain = text.replaceAll(/"[^"]*"|https?:\/\/\S+|\S+@\w+:[0-9a-f]{32,}/g, '…');
  if (called.length === 0) return plain;
  return plain.replaceAll(new RegExp(`(?<![\\w/.-])(?:${called.join('|')})(?![\\w/-])`, 'g'), '…');
}

function nextStep(errorClass: ErrorClass, end: CopyEnd): string {
  if (errorClass === 'authentication') return `log in to the ${end} registry (docker login HOST)`;
  return nextSteps[errorClass] ?? `mend what the ${end} registry objects to, then run again`;
}

const nextSteps: Readonly<Partial<Record<ErrorClass, string>>> = {
  transient: 'run again: what has arrived is not sent again',
  usage: 'check the reference, and plainHttp, caCert and insecureSkipVerify of that registry',
  integrity: 'run again; if it stays so, the content at the source is damaged',
  io: 'free space in the temporary folder and check that the bundle can be read',
  tool: 'run the same `oras cp` by hand to see more, and report this message',
};
