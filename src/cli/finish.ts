import type { PlacedResult } from '../commands/transferring.ts';
import { settings } from '../inputs/settings.ts';
import { type AirgapError, exitCodeOf } from '../report/error.ts';
import { errorLines } from '../report/error-text.ts';
import { jsonText } from '../report/json.ts';
import type { Given } from '../report/next.ts';
import type { Style } from '../report/style.ts';
import { camelCase, type Flags, listFlag, textFlag } from './flags.ts';
import type { Finish } from './program.ts';

/** A result in words; `given` is what the next command line says again. */
type Words<T> = (result: T, style: Style, given: Given) => string;

/**
 * Hands over a result in the form that `--output` asks for.
 * @param bundle that the verb was given
 */
export function finishWith<T>(
  finish: Finish,
  flags: Flags,
  result: T,
  text: Words<T>,
  exitCode = 0,
  bundle?: string,
): void {
  const { style } = finish;
  const shown = () => style.safe(`${text(result, style, givenIn(flags, bundle))}\n`);
  finish(flags.output === 'json' ? jsonText(result) : shown(), exitCode);
}

/** A run over many things, images or repositories: what failed stands in the result, and the smallest of its codes is the exit code. */
export function finishPlaced<T extends Pick<PlacedResult, 'errors'>>(
  finish: Finish,
  flags: Flags,
  result: T,
  text: Words<T>,
  bundle?: string,
): void {
  finishWith(finish, flags, result, text, exitCodeOf(result.errors), bundle);
}

/**
 * A result whose report could not be written is handed over all the same: that failure is told beside it, stands among
 * the document's errors and counts for the exit code.
 * @param unreported why there is no report
 */
export function finishReported<T extends object>(
  finish: Finish,
  flags: Flags,
  result: T & Partial<Pick<PlacedResult, 'errors'>>,
  unreported: readonly AirgapError[],
  text: Words<T>,
  bundle?: string,
): void {
  const errors = [...(result.errors ?? []), ...unreported];
  const told = unreported.length > 0 && flags.output === 'json' ? { ...result, errors } : result;
  finishWith(finish, flags, told, text, exitCodeOf(errors), bundle);
  tellFailures(finish, unreported);
}

/** Beside the result, for people. */
export function tellFailures(finish: Finish, errors: readonly AirgapError[]): void {
  if (errors.length === 0) return;
  finish.beside((style) => errors.map((error) => errorLines(error, style)).join('\n'));
}

/** Where no bundle is named, bundle.yaml is what the verb works with. */
function givenIn(flags: Flags, bundle: string | undefined): Given {
  const settings = settingWords(flags);
  const standard = settings.length > 0 ? '' : 'bundle.yaml';
  const file = bundle === undefined ? (textFlag(flags.file) ?? standard) : undefined;
  return {
    ...{ file, bundle, since: textFlag(flags.since), keys: listFlag(flags.key) },
    ...{ settings, plan: textFlag(flags.plan), shard: textFlag(flags.shard) },
  };
}

/** `--endpoint h.example --images nginx:1`, each value a word by itself. */
function settingWords(flags: Flags): string[] {
  return settings.flatMap(({ name }) => {
    const value = flags[camelCase(name)];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return [value].flat().flatMap((one) => [`--${name}`, one]);
  });
}
