import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { withoutSecrets } from '../paper/without-secrets.ts';
import { bundleDiffText } from '../report/diff-text.ts';
import { AirgapError, exitCodeOf } from '../report/error.ts';
import { errorJson } from '../report/error-text.ts';
import { registryDiffText } from '../report/registry-diff-text.ts';
import { finishWith } from './finish.ts';
import { addOutput, type Flags, pullOptions, textFlag } from './flags.ts';
import { refuseForeign } from './foreign-flags.ts';
import type { Finish } from './program.ts';
import { addTrust, siteHelp, trustOptions } from './trust-flags.ts';

export function addDiff(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('diff')
    .description('show what a bundle changes: against an older one, or against its registry')
    .argument('<bundle>', 'NAME-VERSION.tar; the older one, where two are given')
    .argument('[newer]', 'the bundle that is to come in its place')
    .optionsGroup('Against a registry:')
    .option('--registry', 'compare with what the registry of the bundle has, by HEADs alone')
    .option('--site <file>', siteHelp)
    .option('--username <name>', 'user that may pull there (else: docker config)')
    .option('--password-file <file>', 'its password (or AIRGAP_BUNDLE_PASSWORD)')
    .option('--allow-plain-http-credentials', 'send credentials over plain HTTP beyond loopback');
  addOutput(addTrust(verb), 'html').action(
    async (bundle: string, newer: string | undefined, flags: Flags) => {
      if (newer === undefined) await againstRegistry(bundle, flags, context, finish);
      else await againstBundle([bundle, newer], flags, context, finish);
    },
  );
}

async function againstBundle(
  paths: readonly [string, string],
  flags: Flags,
  context: Context,
  finish: Finish,
): Promise<void> {
  const next = 'give one bundle with --registry, or two without';
  refuseForeign(flags, ofRegistry, paths.join(' '), next);
  const { runDiff } = await import('../commands/diff.ts');
  const result = await runDiff(paths, trustOptions(flags), context);
  if (flags.output !== 'html') return finishWith(finish, flags, result, bundleDiffText);
  const { bundleDiffHtml } = await import('../paper/diff-html.ts');
  finish(bundleDiffHtml(withoutSecrets(result, finish.redact)), 0);
}

const ofRegistry = [
  'registry',
  'site',
  'username',
  'password-file',
  'allow-plain-http-credentials',
];

async function againstRegistry(
  bundle: string,
  flags: Flags,
  context: Context,
  finish: Finish,
): Promise<void> {
  if (flags.registry !== true) {
    throw new AirgapError('usage', 'there is nothing to compare the bundle with', {
      given: bundle,
      next: 'give a second bundle, or --registry to ask the registry that the bundle is for',
    });
  }
  const { runDiffRegistry } = await import('../commands/diff-registry.ts');
  const options = {
    trust: trustOptions(flags),
    site: textFlag(flags.site),
    login: pullOptions(flags),
    allowPlainHttp: flags.allowPlainHttpCredentials === true,
  };
  const result = await runDiffRegistry(bundle, options, context);
  const exitCode = exitCodeOf(result.errors);
  if (flags.output !== 'html') return finishWith(finish, flags, result, registryDiffText, exitCode);
  const { registryDiffHtml } = await import('../paper/registry-diff-html.ts');
  const shown = { ...result, errors: result.errors.map(errorJson) };
  finish(registryDiffHtml(withoutSecrets(shown, finish.redact)), exitCode);
}
