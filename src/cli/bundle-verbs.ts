import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { parseDuration } from '../inputs/duration.ts';
import { variablesOf } from '../inputs/overrides.ts';
import { retryBudgetSetting } from '../inputs/settings.ts';
import { verifyText } from '../report/bundle-text.ts';
import { AirgapError, exitCodeOf } from '../report/error.ts';
import { loadText } from '../report/placed-text.ts';
import { deriveText, inspectText } from '../report/result-text.ts';
import { finishReported, finishWith, tellFailures } from './finish.ts';
import {
  addOutput,
  addPushCredential,
  collect,
  deepHelp,
  type Flags,
  pushOptions,
  requiredFlag,
  sbomForm,
  sbomForms,
  settingOption,
  textFlag,
} from './flags.ts';
import type { Finish } from './program.ts';
import { addReport, keepOpened, readyToReport, reportRun } from './report-flag.ts';
import { addRevoked, addTrust, keyring, siteHelp, trustOptions } from './trust-flags.ts';

// The verbs of the far side of the gap: they take a bundle.

export function addVerify(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('verify')
    .description('check every byte of a bundle against its signature')
    .argument('<bundle>', 'NAME-VERSION.tar')
    .option('--provenance <file>', 'where it was made: NAME-VERSION.tar.intoto.jsonl');
  addOutput(addTrust(verb)).action(async (bundle: string, flags: Flags) => {
    const { runVerify } = await import('../commands/verify.ts');
    const options = { trust: trustOptions(flags), provenance: textFlag(flags.provenance) };
    const result = await runVerify(bundle, options, context);
    finishWith(finish, flags, result, verifyText, 0, bundle);
  });
}

export function addLoad(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('load')
    .description('verify a bundle, push it into its target registry, place every image')
    .argument('<bundle>', 'NAME-VERSION.tar')
    .option('--allow-downgrade', 'take an older bundle than the one loaded last')
    .option('--deep', deepHelp)
    .option('--site <file>', siteHelp)
    .addOption(settingOption(retryBudgetSetting))
    .option('--max-concurrent <n>', 'most requests at a time to the target (default: 32)');
  addReport(addOutput(addPushCredential(addTrust(verb)))).action(
    async (bundle: string, flags: Flags) => {
      await readyToReport(flags, context);
      const { runLoad } = await import('../commands/load.ts');
      const options = {
        trust: trustOptions(flags),
        allowDowngrade: flags.allowDowngrade === true,
        site: textFlag(flags.site),
        ...retryBudgetOf(flags, context),
        ...maxConcurrentOf(flags),
        push: pushOptions(flags),
        deep: flags.deep === true,
      };
      const { onOpened, opened } = keepOpened(flags);
      const result = await runLoad(bundle, { ...options, onOpened }, context);
      const use = { places: true };
      const unreported = await reportRun(flags, { context, finish }, use, async (run) => {
        const { factsOfLoad } = await import('../paper/of-run.ts');
        return factsOfLoad(opened(), result, run);
      });
      finishReported(finish, flags, result, unreported, loadText, bundle);
    },
  );
}

export function addDerive(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('derive')
    .description(
      'verify a bundle, write its tables, Secret, values and node files as they are at a site',
    )
    .argument('<bundle>', 'NAME-VERSION.tar')
    .option('--site <file>', siteHelp)
    .option('-o, --out <folder>', 'folder for the files, new or empty');
  addOutput(addTrust(verb)).action(async (bundle: string, flags: Flags) => {
    const { runDerive } = await import('../commands/derive.ts');
    const options = {
      trust: trustOptions(flags),
      site: requiredFlag(flags, 'site', '--site'),
      out: requiredFlag(flags, 'out', '--out'),
    };
    finishWith(finish, flags, await runDerive(bundle, options, context), deriveText);
  });
}

export function addInspect(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('inspect')
    .description('show what a bundle says of itself, without verifying its contents')
    .argument('<bundle>', 'NAME-VERSION.tar')
    .option('--key <file>', 'public key to ask whether it signed the inventory', collect);
  addReport(addOutput(addRevoked(verb), ...sbomForms)).action(
    async (bundle: string, flags: Flags) => {
      const { runInspect } = await import('../commands/inspect.ts');
      const result = await runInspect(bundle, keyring(flags), context);
      const use = { places: false };
      const unreported = await reportRun(flags, { context, finish }, use, async (run) => {
        const { contentsOfFile } = await import('../commands/image-contents.ts');
        const { factsOfInspect } = await import('../paper/of-run.ts');
        return factsOfInspect(result, await contentsOfFile(bundle, context), run);
      });
      const form = sbomForm(flags);
      if (form === undefined) return finishReported(finish, flags, result, unreported, inspectText);
      const { printSbom } = await import('../commands/sboms.ts');
      finish(printSbom(form, result.inventory), exitCodeOf(unreported));
      tellFailures(finish, unreported);
    },
  );
}

/** Of bundle.yaml it is a field of `registries`; a bundle has none. */
function maxConcurrentOf({ maxConcurrent }: Flags): { maxConcurrent?: number } {
  if (maxConcurrent === undefined) return {};
  const most = Number(maxConcurrent);
  if (Number.isSafeInteger(most) && most >= 1) return { maxConcurrent: most };
  throw new AirgapError('usage', '--max-concurrent is no number of requests', {
    given: String(maxConcurrent),
    expected: 'a whole number from 1 on',
  });
}

/** A bundle does not say how long to try: the flag, else the variable. */
export function retryBudgetOf(flags: Flags, { env }: Context): { retryBudgetMs?: number } {
  const text = textFlag(flags.retryBudget) ?? variablesOf(env)[retryBudgetSetting.name];
  if (typeof text !== 'string') return {};
  return { retryBudgetMs: parseDuration(text, retryBudgetSetting.name) };
}
