import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import type { Context } from '../context.ts';
import type { RunFacts } from '../paper/facts.ts';
import type { OpenedBundle, RunAt } from '../paper/of-run.ts';
import type { ToolUse } from '../paper/tools.ts';
import type { Inventory } from '../plan/inventory.ts';
import { type AirgapError, failuresIn } from '../report/error.ts';
import { type Flags, textFlag } from './flags.ts';
import type { Finish } from './program.ts';

export function addReport(verb: Command): Command {
  return verb.option('--report <folder>', 'write report.json, report.md and report.html there');
}

/** Makes the folder of `--report`, so that no long run ends with nowhere to write it. @throws AirgapError io */
export async function readyToReport(flags: Flags, { cwd }: Context): Promise<void> {
  const folder = textFlag(flags.report);
  if (folder === undefined) return;
  const { makeFolder } = await import('../disk/folder.ts');
  await makeFolder(resolve(cwd, folder));
}

/**
 * Writes the report of a run into the folder of `--report`, if that was given.
 * @returns why it is not written: what the run has done counts all the same
 */
export async function reportRun(
  flags: Flags,
  { context, finish }: { readonly context: Context; readonly finish: Finish },
  use: ToolUse,
  factsOf: (run: RunAt) => RunFacts | Promise<RunFacts>,
): Promise<readonly AirgapError[]> {
  const folder = textFlag(flags.report);
  if (folder === undefined) return [];
  const { usedTools } = await import('../paper/tools.ts');
  const { makeReport } = await import('../paper/make-report.ts');
  const { writeReport } = await import('../paper/write.ts');
  try {
    const tools = await usedTools(use, process.versions.node, context);
    const report = makeReport(await factsOf({ at: context.now(), tools }));
    await writeReport(report, resolve(context.cwd, folder), finish.redact);
    return [];
  } catch (thrown) {
    const errors = failuresIn(thrown);
    if (errors.length === 0) throw thrown;
    return errors;
  }
}

/** Keeps what a run plans until it is reported. */
export function keepPlan() {
  let kept: PlannedBundle | undefined;
  return {
    onPlan: (prepared: PlannedBundle): void => {
      kept = prepared;
    },
    prepared: (): PlannedBundle => {
      if (kept) return kept;
      throw new Error('the run ended without a plan');
    },
    spec: () => kept?.spec,
  };
}

/** Keeps what a run opens until it is reported. */
export function keepOpened(flags: Flags) {
  let kept: OpenedBundle | undefined;
  return {
    onOpened: async (bundle: VerifiedBundle, inventory: Inventory): Promise<void> => {
      if (textFlag(flags.report) === undefined) return;
      const { contentsOfBundle } = await import('../commands/image-contents.ts');
      const { path, size, isSigned, keyId = null, inventoryDigest } = bundle;
      const contents = await contentsOfBundle(bundle);
      kept = { inventory, path, size, isSigned, keyId, inventoryDigest, contents };
    },
    opened: (): OpenedBundle => {
      if (kept) return kept;
      throw new Error('the run ended without a bundle');
    },
  };
}
