import { type AirgapError, failuresIn } from './error.ts';
import { safeText } from './safe.ts';

/** A failure in up to four lines: what failed, given, expected, what to do next. */
export function errorText(error: AirgapError): string {
  const lines: (readonly [string, string | undefined])[] = [
    ['error', error.message],
    ['given', error.given],
    ['expected', error.expected],
    ['next', error.next],
  ];
  return lines
    .filter(([, value]) => value)
    .map(
      ([label, value]) =>
        `${label === 'error' ? 'error:' : `  ${`${label}:`.padEnd(10)}`} ${indented(value ?? '')}`,
    )
    .join('\n');
}

/** Further lines of a value, such as a tool's words, stand below its first: none can pass for a line of ours. */
function indented(value: string): string {
  return safeText(value.replaceAll('\r\n', '\n').trimEnd()).replaceAll('\n', `\n${' '.repeat(13)}`);
}

/** Everything that a run ended with, for people. */
export function endText(thrown: unknown): string {
  const failures = failuresIn(thrown);
  if (failures.length > 0) return failures.map(errorText).join('\n');
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return `error: this is a bug in airgap-bundle\n${stack}\nPlease report it with the command that you ran and the lines above.`;
}

/** The same for machines. */
export function errorJson(error: AirgapError) {
  const { class: errorClass, exitCode, message, given, expected, next } = error;
  return { class: errorClass, exitCode, message, given, expected, next };
}
