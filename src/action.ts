import { tmpdir } from 'node:os';
import * as core from '@actions/core';
import { readActionInputs } from './action/inputs.ts';
import { actionLog } from './action/log.ts';
import { writeOutputs, writeReport } from './action/outputs.ts';
import { removePrivateFolder, withPrivateFolder } from './action/private-folder.ts';
import { type ActionResult, runCommands } from './action/run.ts';
import { summaryText } from './action/summary.ts';
import type { Context } from './context.ts';
import { onDisk } from './disk/failures.ts';
import { createText } from './report/bundle-text.ts';
import { Failures } from './report/error.ts';
import { endOf } from './report/error-text.ts';
import { onInterruption } from './report/interruption.ts';
import { placedText } from './report/placed-text.ts';
import { planText } from './report/plan-text.ts';
import { makeRedactor } from './report/redact.ts';

/** What is told to the post step, which is this same file: that it is one, and what a killed run may have left. */
const postState = 'is-post';
const privateFolderState = 'private-folder';

/** Door 1: inputs → commands → outputs, summary, annotations. */
async function main(): Promise<void> {
  const redactor = makeRedactor();
  const log = actionLog(core, redactor, now);
  const interruption = onInterruption(log.progress);
  const temporary = process.env.RUNNER_TEMP || tmpdir();
  try {
    const result = await withPrivateFolder(temporary, async (folder) => {
      core.saveState(privateFolderState, folder.path);
      const context = contextOf(folder.path, log.emit, interruption.signal);
      return runCommands(await readActionInputs(readInput, context, folder), context);
    });
    log.endGroup();
    if (interruption.received()) throw interruption.signal.reason;
    print(result, log);
    writeOutputs(result, await writeReport(result, temporary, redactor), core.setOutput);
    await writeSummary(redactor.redact(summaryText(result)));
    if (result.errors.length > 0) throw new Failures('the step failed', result.errors);
  } catch (thrown) {
    log.endGroup();
    const { text, exitCode } = endOf(thrown, interruption.received(), interruption.progress());
    fail(redactor.redact(text), exitCode);
  }
}

/** @param temporary where all lies that is kept for a moment, credentials for oras and its own files among it */
function contextOf(temporary: string, emit: Context['emit'], signal: AbortSignal): Context {
  // No child process needs the inputs, and some of them are secrets.
  const given = Object.entries(process.env).filter(([name]) => !name.startsWith('INPUT_'));
  const env = { ...Object.fromEntries(given), TMPDIR: temporary };
  const cwd = process.env.GITHUB_WORKSPACE || process.cwd();
  return { env, cwd, temporary, now, signal, emit };
}

function now(): Date {
  return new Date();
}

function readInput(name: string): string {
  return core.getInput(name, { trimWhitespace: false });
}

function print({ plan, mirror, create }: ActionResult, log: ReturnType<typeof actionLog>): void {
  // Warnings are annotations already, and errors are the annotation that the step ends with.
  if (plan) log.print(planText({ ...plan, problems: [] }), 'the plan');
  if (mirror) log.print(placedText({ ...mirror, errors: [] }), 'what was mirrored');
  log.endGroup();
  if (create) log.print(createText(create));
}

/** Runners without summaries name no file for them. */
async function writeSummary(text: string): Promise<void> {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (path) await onDisk(path, core.summary.addRaw(text).write());
}

/** The annotation already says that it is an error. */
function fail(text: string, exitCode: number): void {
  core.setFailed(text.replace(/^error: /, ''));
  process.exitCode = exitCode;
}

async function cleanUp(): Promise<void> {
  const left = core.getState(privateFolderState);
  if (left) await removePrivateFolder(left);
}

const isPost = core.getState(postState) !== '';
if (!isPost) core.saveState(postState, 'true');
void (isPost ? cleanUp() : main());
