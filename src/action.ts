import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as core from '@actions/core';
import { readActionInputs, wantsSummary } from './action/inputs.ts';
import { actionLog } from './action/log.ts';
import { leaveFiles, writeOutputs } from './action/outputs.ts';
import { removePrivateFolder, withPrivateFolder } from './action/private-folder.ts';
import type { ActionResult } from './action/run.ts';
import { runReported } from './action/run-report.ts';
import { summaryText } from './action/summary/summary.ts';
import type { Context } from './context.ts';
import { onDisk } from './disk/failures.ts';
import { createText } from './report/bundle-text.ts';
import { type AirgapError, exitCodeOf, failuresIn } from './report/error.ts';
import { endOf } from './report/error-text.ts';
import { onInterruption } from './report/interruption.ts';
import { partText } from './report/part-text.ts';
import { placedText } from './report/placed-text.ts';
import { planText } from './report/plan-text.ts';
import { makeRedactor } from './report/redact.ts';

/** What is told to the post step, which is this same file: that it is one, and what a killed run may have left. */
const postState = 'is-post';
const privateFolderState = 'private-folder';

const workspace = process.env.GITHUB_WORKSPACE || process.cwd();
const redactor = makeRedactor();
const log = actionLog(core, redactor, now, workspace);

/** Door 1: inputs → commands → outputs, summary, annotations. */
async function main(): Promise<void> {
  const interruption = onInterruption(log.progress);
  const temporary = process.env.RUNNER_TEMP || tmpdir();
  try {
    const result = await withPrivateFolder(temporary, async (folder) => {
      core.saveState(privateFolderState, folder.path);
      const context = contextOf(folder.path, interruption.signal);
      const inputs = await orFailed(() => readActionInputs(readInput, context, folder));
      if ('errors' in inputs) return inputs;
      return orFailed(() => runReported(inputs, context, redactor.redact));
    });
    log.endGroup();
    if (interruption.received()) throw interruption.signal.reason;
    print(result);
    const errors = await leave(result, temporary);
    log.end(errors);
    process.exitCode = exitCodeOf(errors);
  } catch (thrown) {
    log.end(failuresIn(thrown));
    const { text, exitCode } = endOf(thrown, interruption.received(), interruption.progress());
    if (interruption.received() || failuresIn(thrown).length === 0) fail(text);
    process.exitCode = exitCode;
  }
}

/** @param temporary where all lies that is kept for a moment, credentials for oras and its own files among it */
function contextOf(temporary: string, signal: AbortSignal): Context {
  // No child process needs the inputs, and some of them are secrets.
  const given = Object.entries(process.env).filter(([name]) => !name.startsWith('INPUT_'));
  const env = { ...Object.fromEntries(given), TMPDIR: temporary };
  return { env, cwd: workspace, temporary, now, signal, emit: log.emit };
}

function now(): Date {
  return new Date();
}

function readInput(name: string): string {
  return core.getInput(name, { trimWhitespace: false });
}

/** Wrong inputs are a result too, so that the summary tells them. */
async function orFailed<T>(work: () => Promise<T>): Promise<T | Pick<ActionResult, 'errors'>> {
  try {
    return await work();
  } catch (thrown) {
    const errors = failuresIn(thrown);
    if (errors.length === 0) throw thrown;
    return { errors };
  }
}

function print({ plan, mirror, create, part }: ActionResult): void {
  // Warnings are annotations already.
  if (plan) log.print(planText({ ...plan, problems: [] }), 'the plan');
  if (mirror) log.print(placedText(mirror), 'what was mirrored');
  log.endGroup();
  if (create) log.print(createText(create));
  if (part) log.print(partText(part));
}

/**
 * Files, outputs and the summary: one that cannot be written keeps neither the others back nor what the run failed by.
 * @returns the failures of the run, and what could not be left
 */
async function leave(result: ActionResult, temporary: string): Promise<readonly AirgapError[]> {
  const errors = [...result.errors];
  const tried = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    const done = await orFailed(async () => ({ value: await work() }));
    if ('value' in done) return done.value;
    errors.push(...done.errors);
    return undefined;
  };
  const files = await tried(() => leaveFiles(result, temporary, redactor));
  const notes = await tried(() =>
    writeOutputs({ ...result, errors }, files ?? {}, log.warnings.length, core.setOutput),
  );
  for (const note of notes ?? []) log.print(note);
  await tried(() => writeSummary({ ...result, errors }));
  return errors;
}

/** Runners without summaries name no file for them. */
async function writeSummary(result: ActionResult): Promise<void> {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (!path || !wantsSummary(readInput)) return;
  const text = summaryText(result, { warnings: log.warnings, redact: redactor.redact });
  await onDisk(path, appendFile(path, redactor.redact(text)));
}

/** The annotation already says that it is an error. */
function fail(text: string): void {
  core.error(redactor.redact(text.replace(/^error: /, '')));
}

async function cleanUp(): Promise<void> {
  const left = core.getState(privateFolderState);
  if (left) await removePrivateFolder(left);
}

const isPost = core.getState(postState) !== '';
if (!isPost) core.saveState(postState, 'true');
void (isPost ? cleanUp() : main());
