import { relative, sep } from 'node:path';
import type { AirgapError, Place } from '../report/error.ts';
import { errorText } from '../report/error-text.ts';
import { safeText } from '../report/safe.ts';
import { placeInFile } from './place-in-file.ts';

/** What the runner shows of a message beside a line of code. */
export interface AnnotationProperties {
  readonly title?: string;
  /** Relative to the workspace. */
  readonly file?: string;
  readonly startLine?: number;
  readonly startColumn?: number;
}

/** The platform shows so many of a kind, and drops the rest without a word. */
export const mostAnnotations = 10;

export interface AnnotationLog {
  info(line: string): void;
  warning(text: string, properties: AnnotationProperties): void;
  error(text: string, properties: AnnotationProperties): void;
}

export interface Annotations {
  warn(text: string, place: Place | undefined): void;
  /** An annotation a failure; the last one counts those that have none. */
  fail(errors: readonly AirgapError[]): void;
  /** Tells how many warnings have no annotation of their own. */
  end(): void;
}

/**
 * Warnings and failures on the lines that they are about.
 * @param workspace that files are named from; of others only the words tell
 * @param shown makes a text fit to be printed
 */
export function annotations(
  log: AnnotationLog,
  workspace: string,
  shown: (text: string) => string,
): Annotations {
  const properties = (title: string, place: Place | undefined): AnnotationProperties => {
    const inFile = place && propertiesOf(place, workspace);
    return { title, ...inFile };
  };
  let warnings = 0;
  return {
    warn(text, place) {
      warnings++;
      if (warnings < mostAnnotations) log.warning(shown(text), properties(toolTitle, place));
      else log.info(shown(`warning: ${text}`));
    },
    fail(errors) {
      const all = errors.length > mostAnnotations ? mostAnnotations - 1 : errors.length;
      for (const error of errors.slice(0, all)) {
        const text = errorText(error).replace(/^error: /, '');
        log.error(shown(text), properties(`${toolTitle}: ${error.class}`, error.place));
      }
      for (const error of errors.slice(all)) log.info(shown(errorText(error)));
      const left = errors.length - all;
      if (left > 0)
        log.error(`and ${left} more errors: the log has them`, properties(toolTitle, undefined));
    },
    end() {
      const left = warnings - mostAnnotations + 1;
      const text = `and ${left} more warning${left === 1 ? '' : 's'}: the log has ${left === 1 ? 'it' : 'them'}`;
      if (left > 0) log.warning(text, properties(toolTitle, undefined));
      warnings = 0;
    },
  };
}

const toolTitle = 'airgap-bundle';

function propertiesOf(place: Place, workspace: string): AnnotationProperties {
  const { file, line, column } = placeInFile(place);
  const path = relative(workspace, file);
  if (path === '' || path === '..' || path.startsWith(`..${sep}`)) return {};
  const name = safeText(path.split(sep).join('/'));
  return {
    file: name,
    ...(line ? { startLine: line } : {}),
    ...(line && column ? { startColumn: column } : {}),
  };
}
