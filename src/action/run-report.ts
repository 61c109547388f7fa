import { join, resolve } from 'node:path';
import { bundleFiles } from '../commands/bundle-files.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import { toolVersions } from '../commands/tool-versions.ts';
import type { Context } from '../context.ts';
import type { RunFacts } from '../paper/facts.ts';
import { makeReport } from '../paper/make-report.ts';
import { factsOfCreate, factsOfMirror, type RunAt } from '../paper/of-run.ts';
import { writeReport } from '../paper/write.ts';
import { failuresIn } from '../report/error.ts';
import type { Redactor } from '../report/redact.ts';
import { toolName, toolVersion } from '../version.ts';
import type { ActionResult } from './run.ts';

const names = ['report.json', 'report.md', 'report.html'];

/**
 * Writes the report of what was packed, or else of what was mirrored, as the command line does with `--report`.
 * @param folder as the input has it; absent: none is wanted
 * @returns the result with the files, or with the failure
 */
export async function withReport(
  folder: string | undefined,
  result: ActionResult,
  context: Context,
  redact: Redactor['redact'],
): Promise<ActionResult> {
  const { prepared } = result;
  if (!folder || !prepared || !(result.create || result.mirror)) return result;
  const path = resolve(context.cwd, folder);
  try {
    const tools = await toolsOf(result, prepared, context);
    const facts = await factsOf(result, prepared, { at: context.now(), tools });
    await writeReport(makeReport(facts), path, redact);
    return { ...result, reportFiles: names.map((name) => join(path, name)) };
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

async function toolsOf({ mirror }: ActionResult, { spec }: PlannedBundle, context: Context) {
  const usesHelm = spec.imageSources.some(({ kind }) => kind === 'chart');
  const used = [...(mirror ? ['oras' as const] : []), ...(usesHelm ? ['helm' as const] : [])];
  return [
    { name: toolName, version: toolVersion },
    { name: 'node', version: process.versions.node },
    ...(await toolVersions(used, context)),
  ];
}
