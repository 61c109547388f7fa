import { type Command, Option } from 'commander';
import type { PrepareOptions } from '../commands/prepare.ts';
import type { Context } from '../context.ts';
import { settings } from '../inputs/settings.ts';
import { AirgapError } from '../report/error.ts';
import { prepareText } from '../report/prepare-text.ts';
import { registryKinds } from '../vendors/detect.ts';
import { retryBudgetOf } from './bundle-verbs.ts';
import { finishPlaced } from './finish.ts';
import {
  addBundleInput,
  addOutput,
  addPushCredential,
  bundleInput,
  type Flags,
  pushOptions,
  textFlag,
} from './flags.ts';
import { refuseForeign } from './foreign-flags.ts';
import type { Finish } from './program.ts';
import { addTrust, siteHelp, trustOptions } from './trust-flags.ts';

/** The verb that both sides have: before `mirror` with bundle.yaml, before `load` with a bundle. */
export function addPrepare(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('prepare')
    .description(
      'make what the target registry wants before a push: Harbor projects, ECR repositories',
    )
    .argument('[bundle]', 'NAME-VERSION.tar, before load; or -f, before mirror')
    .option(
      '--dry-run',
      'look and list, make nothing: only GET and HEAD, of aws only describe-repositories',
    )
    .addOption(
      new Option('--registry-kind <kind>', 'what the target is (default: found out)').choices(
        registryKinds,
      ),
    )
    .option('--site <file>', siteHelp);
  addOutput(
    addPushCredential(addTrust(addBundleInput(verb, 'the bundle file, in place of a bundle'))),
  ).action(async (bundle: string | undefined, flags: Flags) => {
    finishPlaced(finish, flags, await run(bundle, flags, context), prepareText, bundle);
  });
}

async function run(bundle: string | undefined, flags: Flags, context: Context) {
  const { runPrepare, runPrepareBundle } = await import('../commands/prepare.ts');
  const options: PrepareOptions = {
    kind: registryKinds.find((kind) => kind === flags.registryKind),
    dryRun: flags.dryRun === true,
    push: pushOptions(flags),
  };
  refuseOtherForm(bundle, flags);
  if (bundle !== undefined) {
    const trust = trustOptions(flags);
    const site = textFlag(flags.site);
    const more = { trust, site, ...retryBudgetOf(flags, context) };
    return runPrepareBundle(bundle, { ...options, ...more }, context);
  }
  const { readBundleSpec } = await import('../inputs/bundle-file.ts');
  return runPrepare(await readBundleSpec(bundleInput(flags), context), options, context);
}

const ofBundle = ['key', 'revoked', 'allow-unsigned', 'allow-expired', 'site'];
const ofFile = settings.map(({ name }) => name).filter((name) => name !== 'retry-budget');

/** Exactly one of BUNDLE and -f, and no flag that says something about the other. @throws AirgapError usage */
function refuseOtherForm(bundle: string | undefined, flags: Flags): void {
  if (bundle === undefined) {
    if (flags.file === undefined) throw notOne('neither BUNDLE nor -f');
    refuseForeign(flags, ofBundle, '-f', 'give a bundle, or drop the flag');
  } else {
    if (flags.file !== undefined) throw notOne(`${bundle} and -f ${flags.file}`);
    refuseForeign(flags, ofFile, bundle, 'give -f, or drop the flag');
  }
}

function notOne(given: string): AirgapError {
  return new AirgapError('usage', 'what is to be prepared for is not clear', {
    given,
    expected: 'prepare BUNDLE --key NAME.pub, or prepare -f bundle.yaml',
    next: 'airgap-bundle prepare -f bundle.yaml, before mirror; with the bundle, before load',
  });
}
