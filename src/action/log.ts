import type { AirgapError } from '../report/error.ts';
import type { Emit, Event } from '../report/events.ts';
import { lineListener } from '../report/lines.ts';
import { formsOf, type Redactor } from '../report/redact.ts';
import { safeText } from '../report/safe.ts';
import { type AnnotationLog, annotations } from './annotations.ts';

/** The part of `@actions/core` that writes to the step's log. */
export interface Log extends AnnotationLog {
  startGroup(name: string): void;
  endGroup(): void;
  setSecret(value: string): void;
}

/** Shorter masks would blank out ordinary text. */
const shortestMask = 4;

export interface ActionLog {
  readonly emit: Emit;
  /** Text for people, line by line, in a group of its own or below the last one. */
  print(text: string, group?: string): void;
  endGroup(): void;
  /** Annotates what the run failed by, and counts what has no annotation. */
  end(errors: readonly AirgapError[]): void;
  /** Every warning so far. */
  readonly warnings: readonly Warning[];
  /** How far the transfer is that was told of last, if any was. */
  progress(): string | undefined;
}

export type Warning = Pick<Extract<Event, { kind: 'warning' }>, 'message' | 'cure'>;

/** Writes a run's events as the runner wants them: a group a step, warnings as annotations, secrets masked. */
export function actionLog(
  log: Log,
  redactor: Redactor,
  now: () => Date,
  workspace: string,
): ActionLog {
  const mask = masker(log.setSecret);
  let isGroupOpen = false;
  const endGroup = (): void => {
    if (isGroupOpen) log.endGroup();
    isGroupOpen = false;
  };
  const startGroup = (name: string): void => {
    endGroup();
    log.startGroup(redactor.redact(safeText(name)));
    isGroupOpen = true;
  };
  const write = (line: string): void => log.info(harmless(line));
  const lines = lineListener({ write, now }, redactor);
  const notes = annotations(
    { info: write, warning: log.warning, error: log.error },
    workspace,
    (text) => redactor.redact(safeText(text)),
  );
  const warnings: Warning[] = [];
  return {
    emit: (event) => {
      if (event.kind === 'secret') mask(event.value);
      if (event.kind === 'step') startGroup(event.name);
      else if (event.kind === 'warning') {
        const { message, cure, place } = event;
        warnings.push({ message, ...(cure ? { cure } : {}) });
        notes.warn(cure ? `${message} (cure: ${cure})` : message, place);
      } else lines.emit(event);
    },
    print: (text, group) => {
      endGroup();
      if (group) startGroup(group);
      write(redactor.redact(safeText(text)));
    },
    endGroup,
    end: (errors) => {
      endGroup();
      notes.fail(errors);
      notes.end();
    },
    warnings,
    progress: lines.progress,
  };
}

/** The runner blanks out exact text alone: every form that a log could show of a secret is named to it, once. */
function masker(setSecret: Log['setSecret']): (secret: string) => void {
  const masked = new Set<string>();
  return (secret) => {
    for (const form of formsOf(secret)) {
      if (form.trim().length < shortestMask || masked.has(form)) continue;
      masked.add(form);
      setSecret(form);
    }
  };
}

/**
 * Text for the log that the runner cannot read as a workflow command: names and error texts come from
 * registries and lists that strangers write. The runner looks for `::` behind leading space and for `##[`
 * anywhere (actions/runner, ActionCommand.cs); its comparison may pass over characters that show nothing.
 */
export function harmless(text: string): string {
  return text
    .replace(/^([^!-~\r\n]*:)(?=[^ -~\r\n]*:)/gm, '$1 ')
    .replace(/#(?=[^ -~\r\n]*#[^ -~\r\n]*\[)/g, '# ');
}
