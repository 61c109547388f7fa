import { type AirgapError, exitCodeOf, failuresIn } from './error.ts';
import { exitCodeAfter, type InterruptingSignal } from './interruption.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { wrap } from './wrap.ts';

/** A failure in up to four lines: what failed, given, expected, what to do next. */
export function errorText(error: AirgapError): string {
  return errorLines(error, plainStyle);
}

/** The same, as `style` has it. */
export function errorLines(error: AirgapError, style: Style): string {
  const { message, given, expected, next } = error;
  const details = { given, expected, next };
  return [
    `${style.paint('error', 'error:')} ${fitted(message, style, 'error: '.length, 'error: '.length)}`,
    ...Object.entries(details)
      .filter(([, value]) => value)
      .map(([label, value]) => detail(label, value ?? '', style)),
  ].join('\n');
}

function detail(label: string, value: string, style: Style): string {
  const words = `  ${`${label}:`.padEnd(10)} `;
  const text = isCopied(value) ? indented(value) : fitted(value, style);
  return `${style.paint('dim', words)}${text}`;
}

/** A command stays in one piece, which the terminal folds. */
function isCopied(value: string): boolean {
  return / --|`/.test(value);
}

/** @param first columns that are taken of the first line already */
function fitted(value: string, style: Style, under = indent, first = indent): string {
  const [line = '', ...others] = indented(value).split('\n');
  return [wrap(line, style, under, first), ...others].join('\n');
}

const indent = 13;

/** Further lines of a value, such as a tool's words, stand below its first: none can pass for a line of ours. */
function indented(value: string): string {
  return safeText(value.replaceAll('\r\n', '\n').trimEnd()).replaceAll(
    '\n',
    `\n${' '.repeat(indent)}`,
  );
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
export function endOf(
  thrown: unknown,
  signal?: InterruptingSignal,
  progress?: string,
  style: Style = plainStyle,
): End {
  if (signal) return interrupted(signal, progress, style);
  const failures = failuresIn(thrown);
  if (failures.length === 0) return bug(thrown);
  return {
    exitCode: exitCodeOf(failures),
    text: failures.map((failure) => errorLines(failure, style)).join('\n'),
    errors: failures.map(errorJson),
  };
}

function interrupted(signal: InterruptingSignal, progress: string | undefined, style: Style): End {
  const exitCode = exitCodeAfter(signal);
  const message = `interrupted by ${signal}: run again to go on`;
  const given = progress && `done: ${progress}`;
  const text = [style.paint('warning', message), ...(given ? [`  ${given}`] : [])].join('\n');
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
