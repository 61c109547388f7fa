import { setMaxListeners } from 'node:events';
import { CommanderError } from 'commander';
import { buildProgram } from './cli/program.ts';
import type { Context } from './context.ts';
import { AirgapError, failuresIn } from './report/error.ts';
import { endText, errorJson } from './report/error-text.ts';
import { lineListener } from './report/lines.ts';
import { makeRedactor } from './report/redact.ts';

/** Door 2: argv → command → standard output and exit code. */
async function main(): Promise<number> {
  const redactor = makeRedactor();
  const interruption = onInterruption();
  const quiet = process.argv.includes('--quiet');
  const toStderr = (line: string): void => {
    if (!quiet || /^(warning|error| {2}cure):/.test(line)) process.stderr.write(`${line}\n`);
  };
  const context: Context = {
    env: process.env,
    cwd: process.cwd(),
    now: () => new Date(),
    signal: interruption.signal,
    emit: lineListener(toStderr, redactor),
  };
  const wantsJson = /(^|,)--output[=,]json(,|$)/.test(process.argv.join(','));
  try {
    let exitCode = 0;
    const program = buildProgram(context, (text, code) => {
      process.stdout.write(redactor.redact(text));
      exitCode = code;
    });
    await program.parseAsync(process.argv);
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const signal = interruption.received();
    if (signal) {
      process.stderr.write('interrupted: run the same command again to go on\n');
      return signal === 'SIGINT' ? 130 : 143;
    }
    const errors = thrown instanceof CommanderError ? [usageError(thrown)] : failuresIn(thrown);
    // Commander has written its own to standard error.
    if (!(thrown instanceof CommanderError))
      process.stderr.write(`${redactor.redact(endText(thrown))}\n`);
    if (wantsJson && errors.length > 0) {
      process.stdout.write(
        redactor.redact(`${JSON.stringify({ errors: errors.map(errorJson) }, null, 2)}\n`),
      );
    }
    return errors.length === 0 ? 1 : Math.min(...errors.map((error) => error.exitCode));
  }
}

function usageError({ message }: CommanderError): AirgapError {
  return new AirgapError('usage', message.replace(/^error: /, ''), { next: 'see --help' });
}

function onInterruption() {
  const controller = new AbortController();
  // Every request and child process of a run listens to this one signal.
  setMaxListeners(0, controller.signal);
  let received: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      received = signal;
      controller.abort(new Error(signal));
    });
  }
  return { signal: controller.signal, received: () => received };
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', () => undefined);

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${endText(error)}\n`);
    process.exitCode = 1;
  },
);
