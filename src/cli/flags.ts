import { type Command, Option } from 'commander';
import type { GivenCredential } from '../commands/given-credential.ts';
import type { PushOptions } from '../commands/push-credential.ts';
import type { BundleInput } from '../inputs/bundle-file.ts';
import { type Setting, settings, variableOf } from '../inputs/settings.ts';
import { AirgapError } from '../report/error.ts';
import type { SbomForm } from '../sbom/contents.ts';

/** What commander hands over: values by camel-cased flag name. */
export type Flags = Record<string, string | boolean | string[] | undefined>;

/** The flags of every verb that reads bundle.yaml: `-f` and one for each setting. */
export function addBundleInput(
  verb: Command,
  help = 'the bundle file (default: bundle.yaml)',
): Command {
  verb.optionsGroup('Input, in place of what bundle.yaml says:');
  verb.option('-f, --file <file>', help);
  for (const setting of settings) verb.addOption(settingOption(setting));
  return verb;
}

/** Their values, by setting name. */
export function bundleInput(flags: Flags): BundleInput {
  const given = Object.fromEntries(settings.map(({ name }) => [name, flags[camelCase(name)]]));
  return { given, ...(typeof flags.file === 'string' ? { file: flags.file } : {}) };
}

export function addPushCredential(verb: Command): Command {
  return verb
    .optionsGroup('Login to push with:')
    .option('--push-username <name>', 'user that pushes to the target (else: docker config)')
    .option('--push-password-file <file>', 'its password (or AIRGAP_BUNDLE_PUSH_PASSWORD)')
    .option('--allow-plain-http-credentials', 'send credentials over plain HTTP beyond loopback');
}

export function pushOptions(flags: Flags): PushOptions {
  return {
    username: textFlag(flags.pushUsername),
    passwordFile: textFlag(flags.pushPasswordFile),
    allowPlainHttp: flags.allowPlainHttpCredentials === true,
  };
}

/** Of `create`, where bundle.yaml has it carried. */
export function addPullCredential(verb: Command): Command {
  return verb
    .optionsGroup('Login that the bundle carries:')
    .option('--username <name>', "the cluster's pull user, where credentials has it travel")
    .option('--password-file <file>', 'its password (or AIRGAP_BUNDLE_PASSWORD)');
}

export function pullOptions(flags: Flags): GivenCredential {
  return { username: textFlag(flags.username), passwordFile: textFlag(flags.passwordFile) };
}

/** Of the verbs that place images. */
export const deepHelp =
  'where a tag is right already, ask also for the manifests and blobs below it, and bring what is gone';

export function addOutput(verb: Command, ...more: string[]): Command {
  return verb
    .optionsGroup('Output:')
    .addOption(
      new Option('--output <form>', 'form of the result')
        .choices(['text', 'json', ...more])
        .default('text'),
    )
    .option('--quiet', 'print nothing on the way but warnings and errors');
}

export const sbomForms: readonly SbomForm[] = ['cyclonedx', 'spdx'];

/** The SBOM that `--output` asks for, where it does. */
export function sbomForm({ output }: Flags): SbomForm | undefined {
  return sbomForms.find((form) => form === output);
}

export function textFlag(value: Flags[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function requiredFlag(flags: Flags, name: string, flag: string): string {
  const value = textFlag(flags[name]);
  if (value) return value;
  throw new AirgapError('usage', `${flag} is missing`, {
    next: `give ${flag}; --help has examples`,
  });
}

/** The flag of a setting; its help names the variable, where that is read. */
export function settingOption(setting: Setting, variable?: 'without variable'): Option {
  const help = variable ? setting.help : `${setting.help} [${variableOf(setting)}]`;
  const flag = `--${setting.name}`;
  if (setting.kind === 'switch') return new Option(flag, help);
  if (setting.kind === 'list' || setting.kind === 'pairs') {
    return new Option(`${flag} <items>`, help).argParser(collect);
  }
  return new Option(`${flag} <${setting.kind === 'path' ? 'file' : 'value'}>`, help);
}

/** Gathers a repeated flag. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function listFlag(value: Flags[string]): string[] {
  return Array.isArray(value) ? value : [];
}
