import { setMaxListeners } from 'node:events';
import { tmpdir } from 'node:os';
import * as core from '@actions/core';
import { readActionInputs } from './action/inputs.ts';
import { actionLog } from './action/log.ts';
import { writeOutputs, writeReport } from './action/outputs.ts';
import { removePrivateFolder, withPrivateFolder } from './action/private-folder.ts';
import { type ActionResult, runCommands } from './action/run.ts';
import { summaryText } from './action/summary.ts';
import type { Context } from './context.ts';
import { Failures, failuresIn } from './report/error.ts';
import { endText } from './report/error-text.ts';
import { planText } from './report/plan-text.ts';
import { makeRedactor } from './report/redact.ts';
import { createText, placedText } from './report/result-text.ts';

/** What is told to the post step, which is this same file: that it is one, and what a killed run may have left. */
const postState = 'is-post';
const privateFolderState = 'private-folder';

/** Door 1: inputs → commands → outputs, summary, annotations. */
async function main(): Promise<void> {
  const redactor = makeRedactor();
  const log = actionLog(core, redactor);
  const interruption = onInterruption();
  const temporary = process.env.RUNNER_TEMP || tmpdir();
  try {
    const result = await withPrivateFolder(temporary, async (folder) => {
      core.saveState(privateFolderState, folder.path);
      // Whatever a command keeps for a moment, credentials for oras among it, lies in the private folder.
      process.env.TMPDIR = folder.path;
      const context = contextOf(log.emit, interruption.signal);
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
    const signal = interruption.received();
    if (signal) fail(`interrupted by ${signal}`, signal === 'SIGINT' ? 130 : 143);
    else fail(redactor.redact(endText(thrown)), exitCodeOf(thrown));
  }
}

function contextOf(emit: Context['emit'], signal: AbortSignal): Context {
  // No child process needs the inputs, and some of them are secrets.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('INPUT_'));
  const cwd = process.env.GITHUB_WORKSPACE || process.cwd();
  return { env: Object.fromEntries(env), cwd, now: () => new Date(), signal, emit };
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
  if (process.env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(text).write();
}

function exitCodeOf(thrown: unknown): number {
  const errors = failuresIn(thrown);
  return errors.length > 0 ? new Failures('', errors).exitCode : 1;
}

/** The annotation already says that it is an error. */
function fail(text: string, exitCode: number): void {
  core.setFailed(text.replace(/^error: /, ''));
  process.exitCode = exitCode;
}

function onInterruption() {
  const controller = new AbortController();
  // Every request and child process of a run listens to this one signal.
  setMaxListeners(0, controller.signal);
  let received: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      received ??= signal;
      controller.abort(new Error(signal));
    });
  }
  return { signal: controller.signal, received: () => received };
}

async function cleanUp(): Promise<void> {
  const left = core.getState(privateFolderState);
  if (left) await removePrivateFolder(left);
}

const isPost = core.getState(postState) !== '';
if (!isPost) core.saveState(postState, 'true');
void (isPost ? cleanUp() : main());
