import { tmpdir } from 'node:os';
import { CommanderError } from 'commander';
import { buildProgram, doorFlags, type Finish } from './cli/program.ts';
import type { Context } from './context.ts';
import { AirgapError, exitCodes } from './report/error.ts';
import { endOf } from './report/error-text.ts';
import { onInterruption } from './report/interruption.ts';
import { jsonText } from './report/json.ts';
import { type LineListener, type LineOutput, lineListener } from './report/lines.ts';
import type { Terminal } from './report/live.ts';
import { makeRedactor, type Redactor } from './report/redact.ts';
import { canRedraw, makeStyle, type Style, wantsColours } from './report/style.ts';

/** Door 2: argv → command → standard output and exit code. */
async function main(): Promise<number> {
  const redactor = makeRedactor();
  const interruption = onInterruption(() => lines.progress());
  const { redact } = redactor;
  const style = styleOf(process.stderr, redact);
  const output = { ...standardError, style, isQuiet: () => doorFlags(program).isQuiet };
  const lines = lineListener(output, redactor);
  process.stderr.on('resize', lines.redraw);
  // A second signal ends the process at once.
  process.on('exit', lines.clear);
  const toStdout = (text: string): void => {
    lines.clear();
    process.stdout.write(redactor.redact(text));
  };
  let exitCode = 0;
  const finish = (text: string, code: number): void => {
    toStdout(text);
    exitCode = code;
  };
  const beside: Finish['beside'] = (text) => {
    lines.clear();
    process.stderr.write(redact(style.safe(`${text(style)}\n`)));
  };
  const program = buildProgram(
    contextOf(interruption.signal, lines),
    Object.assign(finish, { style: styleOf(process.stdout, redact), beside, redact }),
  );
  try {
    await program.parseAsync(process.argv);
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const isMistyped = thrown instanceof CommanderError;
    const why = isMistyped ? usageError(thrown) : thrown;
    const end = endOf(why, interruption.received(), interruption.progress(), style);
    lines.clear();
    // Commander has written what is wrong to standard error, or the whole help.
    if (!isMistyped) process.stderr.write(`${redactor.redact(end.text)}\n`);
    else if (thrown.code !== 'commander.help') process.stderr.write(`  next:      ${seeHelp}\n`);
    if (doorFlags(program).wantsJson) toStdout(jsonText({ errors: end.errors }));
    return end.exitCode;
  }
}

const now = () => new Date();

const { stderr } = process;

const standardError: LineOutput = {
  write: (line) => stderr.write(`${line}\n`),
  ...(canRedraw(stderr, process.env) ? { terminal: terminalOf(stderr) } : {}),
  now,
};

function terminalOf(stream: NodeJS.WriteStream): Terminal {
  const size = () => {
    const [columns, rows] = stream.getWindowSize();
    // Some terminals say that they have none.
    return { columns: columns || 80, rows: rows || 24 };
  };
  return { write: (text) => stream.write(text), size };
}

/** The one place that decides on colours: each stream for itself. */
function styleOf(stream: NodeJS.WriteStream, redact: Redactor['redact']): Style {
  const columns = stream.columns || undefined;
  return makeStyle({ colours: wantsColours(stream, process.env), columns, redact });
}

function contextOf(signal: AbortSignal, { emit }: LineListener): Context {
  const { env } = process;
  return { env, cwd: process.cwd(), temporary: tmpdir(), now, signal, emit };
}

const seeHelp = 'see --help';

function usageError({ message }: CommanderError): AirgapError {
  return new AirgapError('usage', message.replace(/^error: /, ''), { next: seeHelp });
}

/** A reader that has seen enough (`| head`) is no failure; a disk that is full is. */
function onLostOutput(stream: NodeJS.WriteStream): void {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.exitCode ||= exitCodes.io;
    if (stream === process.stdout)
      process.stderr.write(`error: the result cannot be written\n  given:     ${code}\n`);
  });
}

for (const stream of [process.stdout, process.stderr]) onLostOutput(stream);

main().then(
  (code) => {
    process.exitCode ||= code;
  },
  (error: unknown) => {
    process.stderr.write(`${endOf(error).text}\n`);
    process.exitCode = 1;
  },
);
