import type { PlacedResult } from '../commands/transferring.ts';
import { exitCodeOf } from '../report/error.ts';
import { jsonText } from '../report/json.ts';
import type { Style } from '../report/style.ts';
import type { Flags } from './flags.ts';
import type { Finish } from './program.ts';

/** Hands over a result in the form that `--output` asks for. */
export function finishWith<T>(
  finish: Finish,
  flags: Flags,
  result: T,
  text: (result: T, style: Style) => string,
  exitCode = 0,
): void {
  const { style } = finish;
  finish(
    flags.output === 'json' ? jsonText(result) : style.safe(`${text(result, style)}\n`),
    exitCode,
  );
}

/** A run over many things, images or repositories: what failed stands in the result, and the smallest of its codes is the exit code. */
export function finishPlaced<T extends Pick<PlacedResult, 'errors'>>(
  finish: Finish,
  flags: Flags,
  result: T,
  text: (result: T, style: Style) => string,
): void {
  finishWith(finish, flags, result, text, exitCodeOf(result.errors));
}
