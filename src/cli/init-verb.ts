import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { settings } from '../inputs/settings.ts';
import { initText } from '../report/init-text.ts';
import { finishWith } from './finish.ts';
import {
  addOutput,
  bundleInput,
  type Flags,
  requiredFlag,
  settingOption,
  textFlag,
} from './flags.ts';
import type { Finish } from './program.ts';

/** `init`, which asks on a terminal where nothing says what the file is to be made of. */
export function addInit(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('init')
    .description('write a commented bundle.yaml from a values.yaml, from flags, or from questions')
    .option('--from <file>', 'values.yaml of an image-swap chart, credentials left out')
    .option('-o, --out <file>', 'the bundle file; nothing is overwritten', 'bundle.yaml')
    .optionsGroup('What it is to say:');
  for (const setting of settings) verb.addOption(settingOption(setting, 'without variable'));
  addOutput(verb).action(async (flags: Flags) => {
    const { newBundleFile, runInit } = await import('../commands/init.ts');
    const out = requiredFlag(flags, 'out', '--out');
    const from = textFlag(flags.from);
    const { given } = bundleInput(flags);
    await newBundleFile(out, context);
    const { askForSettings, canAsk } = await import('./init-questions.ts');
    const asks = from === undefined && given.endpoint === undefined && canAsk();
    const answers = asks ? await askForSettings(given, context) : {};
    const result = await runInit({ out, from, given: { ...given, ...answers } }, context);
    finishWith(finish, flags, result, initText);
  });
}
