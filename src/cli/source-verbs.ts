import { type Command, Option } from 'commander';
import type { Update } from '../commands/pins.ts';
import type { PlanResult } from '../commands/plan.ts';
import type { Context } from '../context.ts';
import { withoutPlaces } from '../plan/problem.ts';
import { createText, keygenText } from '../report/bundle-text.ts';
import { AirgapError, exitCodeOf } from '../report/error.ts';
import { partText } from '../report/part-text.ts';
import { mirrorText } from '../report/placed-text.ts';
import { planText, repositoriesText } from '../report/plan-text.ts';
import { renderResolve } from '../report/resolve-table.ts';
import { finishReported, finishWith } from './finish.ts';
import {
  addBundleInput,
  addOutput,
  addPullCredential,
  addPushCredential,
  bundleInput,
  deepHelp,
  type Flags,
  pullOptions,
  pushOptions,
  requiredFlag,
  textFlag,
} from './flags.ts';
import type { Finish } from './program.ts';
import { addReport, keepPlan, readyToReport, reportRun } from './report-flag.ts';

// What a verb works with is loaded when it is run: help and version start fast.

export function addPlan(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('plan')
    .description('show what would be mirrored and bundled, and what is wrong with it')
    .option('-o, --out <file>', 'save the plan for mirror --plan and create --plan')
    .option('--since <bundle>', 'plan a delta to an older bundle')
    .option('--without-images', 'plan a bundle without blobs')
    .option('--lock', 'write bundle.lock: from then on every image is held to its digest')
    .option(
      '--update [images...]',
      'move pins of bundle.lock to what the tags are now; default: all',
    )
    .option('--shards <n>', 'split the plan into parts of equal bytes, and print their matrix');
  addOutput(addBundleInput(verb), 'repositories').action(async (flags: Flags) => {
    const { runPlan } = await import('../commands/plan.ts');
    const { readBundleSpec } = await import('../inputs/bundle-file.ts');
    const spec = await readBundleSpec(bundleInput(flags), context);
    const options = {
      out: textFlag(flags.out),
      since: textFlag(flags.since),
      withoutImages: flags.withoutImages === true,
      update: updateOf(flags),
      shards: shardsOf(flags),
    };
    await finishPlan(finish, flags, await runPlan(spec, options, context), context);
  });
}

/** Whether a lock is to be written, and which of its pins are let go. */
function updateOf({ lock, update }: Flags): Update | undefined {
  if (update === true) return 'all';
  if (Array.isArray(update)) return update;
  return lock === true ? [] : undefined;
}

function shardsOf({ shards, output }: Flags): string | undefined {
  if (shards === undefined || output !== 'repositories') return textFlag(shards);
  throw new AirgapError('usage', '--shards and --output repositories are both given', {
    expected: 'one of them: each prints what is then alone on standard output',
  });
}

/**
 * Problems stand in the text and in the document; in a list of repositories they have no place. With `--shards` the
 * matrix alone is on standard output, nothing where the plan has errors, and the text is for people.
 */
async function finishPlan(finish: Finish, flags: Flags, result: PlanResult, context: Context) {
  const { emitWarnings, planErrors, refuseOnErrors } = await import('../commands/plan.ts');
  const { inventory, problems } = result;
  if (flags.output === 'repositories') {
    finish(repositoriesText(inventory), 0);
    return refuseOnErrors(problems, context);
  }
  const isAside = flags.output !== 'json' && flags.shards !== undefined;
  const isHidden = isAside && flags.quiet === true && result.matrix !== undefined;
  if (flags.output === 'json' || isHidden) emitWarnings(problems, context);
  const exitCode = exitCodeOf(planErrors(problems));
  if (!isAside) {
    const told = { ...result, problems: problems.map(withoutPlaces) };
    const saved = { ...flags, plan: flags.out };
    return finishWith(finish, saved, told, planText, exitCode);
  }
  if (!isHidden) finish.beside((style) => planText(result, style));
  finish(result.matrix ? `${JSON.stringify(result.matrix)}\n` : '', exitCode);
}

export function addMirror(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('mirror')
    .description(
      'copy the images into the target registry, to every place the cluster will ask for',
    )
    .option('--plan <file>', 'carry out exactly this saved plan')
    .option(
      '--fresh',
      'resolve again, though an earlier run was killed, and ask anew what is attached',
    )
    .option('--deep', deepHelp)
    .option('--shard <i/n>', 'mirror this part of a saved plan alone');
  addReport(addOutput(addPushCredential(addBundleInput(verb)))).action(async (flags: Flags) => {
    await readyToReport(flags, context);
    const { runMirror } = await import('../commands/mirror.ts');
    const { readBundleSpec } = await import('../inputs/bundle-file.ts');
    const spec = await readBundleSpec(bundleInput(flags), context);
    const options = {
      plan: textFlag(flags.plan),
      fresh: flags.fresh === true,
      push: pushOptions(flags),
      deep: flags.deep === true,
      shard: textFlag(flags.shard),
    };
    const { onPlan, prepared, spec: planned } = keepPlan();
    const result = await runMirror(spec, { ...options, onPlan }, context);
    const use = { places: true, spec: planned() };
    const unreported = await reportRun(flags, { context, finish }, use, async (run) => {
      const { factsOfMirror } = await import('../paper/of-run.ts');
      return factsOfMirror(prepared(), result, run);
    });
    finishReported(finish, flags, result, unreported, mirrorText);
  });
}

export function addCreate(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('create')
    .description('write the signed bundle, its checksum and install.sh into a folder')
    .option('-o, --out <folder>', 'folder for its files', '.')
    .option('--split-size <size>', 'write the bundle in parts of at most this size')
    .option('--plan <file>', 'carry out exactly this saved plan')
    .option(
      '--fresh',
      'resolve again, though an earlier run was killed, and ask anew what is attached',
    )
    .option('--reuse <bundle>', 'take what an older bundle already has from there')
    .option('--since <bundle>', 'leave out what an older bundle brought: a delta to load after it')
    .option('--without-images', 'leave the blobs out: for a registry that mirror has filled')
    .option('--shard <i/n>', 'write this part of a saved plan alone: needs no key')
    .option('--join <folder>', 'make the bundle of all parts of a saved plan, and sign it');
  addReport(addOutput(addPullCredential(addBundleInput(verb)))).action(async (flags: Flags) => {
    const { runCreate } = await import('../commands/create.ts');
    const { readBundleSpec } = await import('../inputs/bundle-file.ts');
    const spec = await readBundleSpec(bundleInput(flags), context);
    const options = createOptions(flags);
    if (options.shard !== undefined) {
      const { runCreateShard } = await import('../commands/create-shard.ts');
      return finishWith(finish, flags, await runCreateShard(spec, options, context), partText);
    }
    await readyToReport(flags, context);
    const { onPlan, prepared, spec: planned } = keepPlan();
    const result = await runCreate(spec, { ...options, onPlan }, context);
    const use = { places: false, spec: planned() };
    const unreported = await reportRun(flags, { context, finish }, use, async (run) => {
      const { bundleFiles } = await import('../commands/bundle-files.ts');
      const { factsOfCreate } = await import('../paper/of-run.ts');
      return factsOfCreate(prepared(), result, await bundleFiles(result), run);
    });
    finishReported(finish, flags, result, unreported, createText);
  });
}

function createOptions(flags: Flags) {
  const options = {
    out: requiredFlag(flags, 'out', '--out'),
    splitSize: textFlag(flags.splitSize),
    plan: textFlag(flags.plan),
    withoutImages: flags.withoutImages === true,
    reuse: textFlag(flags.reuse),
    since: textFlag(flags.since),
    pull: pullOptions(flags),
    fresh: flags.fresh === true,
    shard: textFlag(flags.shard),
    join: textFlag(flags.join),
  };
  if (options.shard === undefined || flags.report === undefined) return options;
  throw new AirgapError('usage', '--shard and --report are both given', {
    expected: '--report where the parts are made one bundle: create --join',
  });
}

export function addKeygen(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('keygen')
    .option('--out <file>', 'the private key, NAME.key')
    .addOption(
      new Option('--type <type>', 'kind of key')
        .choices(['ed25519', 'ecdsa-p256'])
        .default('ed25519'),
    )
    .description('make a key pair: NAME.key signs bundles, NAME.pub verifies them');
  addOutput(verb).action(async (flags: Flags) => {
    const { runKeygen } = await import('../commands/keygen.ts');
    const result = await runKeygen(
      {
        out: requiredFlag(flags, 'out', '--out'),
        type: flags.type === 'ecdsa-p256' ? 'ecdsa-p256' : 'ed25519',
      },
      context,
    );
    finishWith(finish, flags, result, keygenText);
  });
}

export function addResolve(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('resolve')
    .description('show what the webhook and containerd make of images under a map')
    .argument('[images...]', 'images as manifests name them')
    .option('--mirror-map <file>', 'the mirror map, in line or comma form')
    .option('--images-file <file>', 'list of images, one a line');
  addOutput(verb).action(async (images: string[], flags: Flags) => {
    const { readResolveInput, runResolve } = await import('../commands/resolve.ts');
    const input = await readResolveInput(
      {
        mirrorMap: requiredFlag(flags, 'mirrorMap', '--mirror-map'),
        imagesFile: textFlag(flags.imagesFile),
        images,
      },
      context,
    );
    finishWith(finish, flags, runResolve(input, context), renderResolve);
  });
}
