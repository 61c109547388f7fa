import { setMaxListeners } from 'node:events';
import * as core from '@actions/core';
import { readActionInputs } from './action/inputs.ts';
import { harmless } from './action/log.ts';
import { writeOutputs } from './action/outputs.ts';
import { withPrivateFiles } from './action/private-files.ts';
import { runCommands } from './action/run.ts';
import { writeSummary } from './action/summary.ts';
import type { Context } from './context.ts';
import { failuresIn } from './report/error.ts';
import { endText } from './report/error-text.ts';
import { lineListener } from './report/lines.ts';
import { formsOf, makeRedactor } from './report/redact.ts';

/** Door 1: inputs → commands → outputs, summary, annotations. */
async function main(): Promise<void> {
  const redactor = makeRedactor();
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new Error(signal)));
  }
  const listen = lineListener((line) => core.info(harmless(line)), redactor);
  const context: Context = {
    env: process.env,
    cwd: process.env.GITHUB_WORKSPACE ?? process.cwd(),
    now: () => new Date(),
    signal: controller.signal,
    emit: (event) => {
      if (event.kind === 'secret') maskEverywhere(event.value);
      if (event.kind === 'step') startGroup(event.name);
      else if (event.kind === 'warning') core.warning(redactor.redact(event.message));
      listen(event);
    },
  };
  try {
    await withPrivateFiles(process.env.RUNNER_TEMP, async (keep) => {
      const inputs = await readActionInputs(core.getInput, context, keep);
      const result = await runCommands(inputs, context);
      core.endGroup();
      await writeOutputs(result, core.setOutput, context);
      await writeSummary(result, core.summary);
      if (result.errors.length > 0)
        fail(result.errors.map((error) => endText(error)).join('\n'), result.errors);
    });
  } catch (thrown) {
    core.endGroup();
    fail(redactor.redact(endText(thrown)), failuresIn(thrown));
  }
}

/** Masks what a log could show of a secret: each line of it, and its base64 form. */
function maskEverywhere(secret: string): void {
  for (const form of formsOf(secret)) if (form.trim().length >= 4) core.setSecret(form);
}

let isGroupOpen = false;

function startGroup(name: string): void {
  if (isGroupOpen) core.endGroup();
  isGroupOpen = true;
  core.startGroup(harmless(name));
}

function fail(text: string, errors: readonly { exitCode: number }[]): void {
  core.setFailed(text);
  process.exitCode = Math.min(...errors.map((error) => error.exitCode), errors.length > 0 ? 99 : 1);
}

void main();
