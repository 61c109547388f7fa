import { resolve } from 'node:path';
import { bundleFiles } from '../commands/bundle-files.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import type { Context } from '../context.ts';
import { makeFolder } from '../disk/folder.ts';
import type { RunFacts } from '../paper/facts.ts';
import { makeReport } from '../paper/make-report.ts';
import { factsOfCreate, factsOfMirror, type RunAt } from '../paper/of-run.ts';
import { usedTools } from '../paper/tools.ts';
import { writeReport } from '../paper/write.ts';
import { failuresIn } from '../report/error.ts';
import type { Redactor } from '../report/redact.ts';
import type { ActionInputs } from './inputs.ts';
import { type ActionResult, runCommands } from './run.ts';

/**
 * Runs the commands and writes the report of what was packed, or else of what was mirrored, as the command line does
 * with `--report`. The folder is made first, so that no long run ends with nowhere to write it.
 * @returns the result with the files, or with the failure
 * @throws AirgapError io for a folder that cannot be made
 */
export async function runReported(
  inputs: ActionInputs,
  context: Context,
  redact: Redactor['redact'],
): Promise<ActionResult> {
  const { report } = inputs;
  if (!report) return runCommands(inputs, context);
  const folder = resolve(context.cwd, report);
  await makeFolder(folder);
  return withReport(folder, await runCommands(inputs, context), context, redact);
}

/** @param folder absolute */
async function withReport(
  folder: string,
  result: ActionResult,
  context: Context,
  redact: Redactor['redact'],
): Promise<ActionResult> {
  const { prepared } = result;
  if (!prepared || !(result.create || result.mirror)) return result;
  try {
    const use = { places: result.mirror !== undefined, spec: prepared.spec };
    const tools = await usedTools(use, process.versions.node, context);
    const facts = await factsOf(result, prepared, { at: context.now(), tools });
    return { ...result, reportFiles: await writeReport(makeReport(facts), folder, redact) };
  } catch (thrown) {
    const errors = failuresIn(thrown);
    if (errors.length === 0) throw thrown;
    return { ...result, errors: [...result.errors, ...errors] };
  }
}

/** Of a bundle that was mirrored too, both. */
async function factsOf(
  { create, mirror, errors }: ActionResult,
  prepared: PlannedBundle,
  run: RunAt,
): Promise<RunFacts> {
  if (!create && !mirror) throw new Error('a run that did nothing has no report');
  if (!create) return factsOfMirror(prepared, { images: mirror?.images ?? [], errors }, run);
  const packed = factsOfCreate(prepared, create, await bundleFiles(create), run);
  return { ...packed, errors, ...(mirror ? { placed: mirror.images } : {}) };
}
