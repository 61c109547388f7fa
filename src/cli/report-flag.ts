import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { PlannedBundle } from '../commands/make-plan.ts';
import type { Context } from '../context.ts';
import type { RunFacts } from '../paper/facts.ts';
import type { OpenedBundle, RunAt } from '../paper/of-run.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { toolName, toolVersion } from '../version.ts';
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
 * @param used programs of others that the run used
 * @throws AirgapError io
 */
export async function reportRun(
  flags: Flags,
  { context, finish }: { readonly context: Context; readonly finish: Finish },
  used: readonly ('oras' | 'helm')[],
  factsOf: (run: RunAt) => RunFacts | Promise<RunFacts>,
): Promise<void> {
  const folder = textFlag(flags.report);
  if (folder === undefined) return;
  const { toolVersions } = await import('../commands/tool-versions.ts');
  const { makeReport } = await import('../paper/make-report.ts');
  const { writeReport } = await import('../paper/write.ts');
  const own = [
    { name: toolName, version: toolVersion },
    { name: 'node', version: process.versions.node },
  ];
  const tools = [...own, ...(await toolVersions(used, context))];
  const report = makeReport(await factsOf({ at: context.now(), tools }));
  await writeReport(report, resolve(context.cwd, folder), finish.redact);
}

/** What is made is no bundle yet. @throws AirgapError usage */
export function refuseReport(flags: Flags, other: string): void {
  if (textFlag(flags.report) === undefined) return;
  throw new AirgapError('usage', `${other} and --report are both given`, {
    expected: 'one of them: a part is no bundle that somebody could approve',
    next: 'ask for the report of the whole, with create --join',
  });
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
    /** Programs that found its images. */
    usedHelm: (): 'helm'[] =>
      kept?.spec.imageSources.some(({ kind }) => kind === 'chart') ? ['helm'] : [],
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
