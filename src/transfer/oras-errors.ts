import { AirgapError, type ErrorClass } from '../report/error.ts';

/** Which end of a copy an error of oras speaks of. */
type CopyEnd = 'source' | 'target';

/** What oras wrote to stderr, as a failure with a class. Tables of real output are in the tests. */
export function orasFailure(stderr: string, copying: string): AirgapError {
  const text = withoutQueries(firstError(stderr));
  const end = endOf(text);
  const errorClass = classify(text, end);
  return new AirgapError(errorClass, `oras could not copy ${copying}`, {
    given: text || 'oras said nothing',
    next: nextStep(errorClass, end),
  });
}

/** The first rule that matches decides; `source` and `target` differ where a refusal means something else. */
function classify(text: string, end: CopyEnd): ErrorClass {
  const rule = rules.find(([pattern]) => pattern.test(text));
  if (rule === undefined) return end === 'target' ? 'refused' : 'tool';
  const [, atSource, atTarget] = rule;
  return end === 'target' ? atTarget : atSource;
}

function endOf(text: string): CopyEnd {
  return /destination registry/.test(text) ? 'target' : 'source';
}

/** A pattern, its class when the source says it, its class when the target says it. */
const rules: readonly (readonly [RegExp, ErrorClass, ErrorClass])[] = [
  [/x509: |tls: .*certificate|HTTP response to HTTPS client/, 'usage', 'usage'],
  [
    /invalid argument ".*failed to find path|no space left on device|read-only file system/,
    'io',
    'io',
  ],
  [
    /does not look like a tar archive|digest invalid|mismatched? digest|digest mismatch|does not match digest/i,
    'integrity',
    'integrity',
  ],
  [
    /status code 401|credential not found|unauthorized: |authentication required/i,
    'authentication',
    'authentication',
  ],
  [
    /status code (?:408|425|429|500|502|503|504)|toomanyrequests: |: too many requests/i,
    'transient',
    'transient',
  ],
  [
    /connection (?:refused|reset)|broken pipe|no such host|server misbehaving/,
    'transient',
    'transient',
  ],
  [/network is unreachable|no route to host|timeout|deadline exceeded/i, 'transient', 'transient'],
  [
    /\bEOF\b|mismatch Content-Length|GOAWAY|stream error|closed network connection/,
    'transient',
    'transient',
  ],
  [/status code 403|denied: |forbidden/i, 'authentication', 'refused'],
  [/not found$|status code 404|(?:name|manifest|blob) unknown: /, 'usage', 'refused'],
];

/** Lines of advice follow the first line, and name our private files. */
function firstError(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => line.startsWith('Error')) ?? lines.find((line) => line !== '') ?? '';
}

/** Upload sessions and redirects carry secrets in their query. */
function withoutQueries(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s"?]*)\?[^\s"]*/g, '$1?…').slice(0, 1_000);
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
