import type { ActionResult } from '../run.ts';
import { changeLines } from './changes.ts';
import { fileLines } from './files.ts';
import { imageLines } from './images.ts';
import { type Markup, markup } from './markup.ts';
import { outcomeLines } from './outcome.ts';
import { problemLines } from './problems.ts';

export interface SummaryFacts {
  /** That were told on the way. */
  readonly warnings: readonly { readonly message: string; readonly cure?: string }[];
  readonly redact: (text: string) => string;
}

/**
 * The job summary, from which a reviewer can decide: the outcome, what is wrong and its cure, what changed, where the
 * images go, and the files with the way to verify them. HTML, but for the picture. GitHub drops a summary over 1 MiB:
 * each part that can grow has a share of that.
 */
export function summaryText(result: ActionResult, facts: SummaryFacts): string {
  const html: Markup = markup(facts.redact);
  return [
    ...outcomeLines(result, html),
    ...problemLines(result, facts.warnings, html),
    ...changeLines(result, html),
    ...fileLines(result, html),
    ...imageLines(result, facts.redact, html),
    '',
  ].join('\n');
}
