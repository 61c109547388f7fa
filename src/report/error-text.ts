import { type AirgapError, exitCodeOf, failuresIn } from './error.ts';
import { exitCodeAfter, type InterruptingSignal } from './interruption.ts';
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

/** What a run that threw ended with. */
export interface End {
  readonly exitCode: number;
  /** For people. */
  readonly text: string;
  /** The same for machines. */
  readonly errors: readonly {
    class: string;
    exitCode: number;
    message: string;
    given?: string | undefined;
  }[];
}

/**
 * @param signal the one that stopped the run: what was thrown then is only its consequence
 * @param progress how far the run had come then, in words
 */
export function endOf(thrown: unknown, signal?: InterruptingSignal, progress?: string): End {
  if (signal) return interrupted(signal, progress);
  const failures = failuresIn(thrown);
  if (failures.length === 0) return bug(thrown);
  return {
    exitCode: exitCodeOf(failures),
    text: failures.map(errorText).join('\n'),
    errors: failures.map(errorJson),
  };
}

function interrupted(signal: InterruptingSignal, progress?: string): End {
  const exitCode = exitCodeAfter(signal);
  const message = `interrupted by ${signal}: run again to go on`;
  const given = progress && `done: ${progress}`;
  const text = given ? `${message}\n  ${given}` : message;
  return { exitCode, text, errors: [{ class: 'interrupted', exitCode, message, given }] };
}

function bug(thrown: unknown): End {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? (thrown.stack ?? message) : message;
  const text = `error: this is a bug in airgap-bundle\n${stack}\nPlease report it with the command that you ran and the lines above.`;
  return { exitCode: 1, text, errors: [{ class: 'bug', exitCode: 1, message }] };
}

/** A failure for machines. */
export function errorJson(error: AirgapError) {
  const { class: errorClass, exitCode, message, given, expected, next } = error;
  return { class: errorClass, exitCode, message, given, expected, next };
}
