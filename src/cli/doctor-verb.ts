import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { splitList } from '../inputs/overrides.ts';
import { doctorExitCode, doctorText } from '../report/doctor-text.ts';
import { AirgapError } from '../report/error.ts';
import { finishWith } from './finish.ts';
import { addOutput, collect, type Flags, listFlag, pullOptions, textFlag } from './flags.ts';
import type { Finish } from './program.ts';
import { addTrust, siteHelp, trustOptions } from './trust-flags.ts';

const allParts = ['registry', 'cluster', 'nodes'] as const;

export function addDoctor(program: Command, context: Context, finish: Finish): void {
  const verb = program
    .command('doctor')
    .description('show that registry, cluster and nodes are as the bundle says; changes nothing')
    .argument('<bundle>', 'NAME-VERSION.tar')
    .addOption(
      new Option('--only <part>', 'look at these alone; may be repeated')
        .choices(allParts)
        .argParser(collect),
    )
    .option('--kubeconfig <file>', 'kubeconfig of the cluster (default: as kubectl)')
    .option('--context <name>', 'context in it (default: the current one)')
    .option('--node-config <file>', "a node's containerd config.toml, or its certs.d folder")
    .option('--username <name>', "the cluster's pull user (default: of the Secret registry-info)")
    .option('--password-file <file>', 'its password (or AIRGAP_BUNDLE_PASSWORD)')
    .option('--allow-plain-http-credentials', 'send credentials over plain HTTP beyond loopback')
    .option('--site <file>', siteHelp);
  addOutput(addTrust(verb)).action(async (bundle: string, flags: Flags) => {
    const parts = partsOf(flags);
    checkParts(parts, flags);
    const { runDoctor } = await import('../commands/doctor.ts');
    const options = {
      trust: trustOptions(flags),
      parts,
      site: textFlag(flags.site),
      cluster: { kubeconfig: textFlag(flags.kubeconfig), context: textFlag(flags.context) },
      pull: pullOptions(flags),
      allowPlainHttp: flags.allowPlainHttpCredentials === true,
      nodeConfig: textFlag(flags.nodeConfig),
    };
    const checks = await runDoctor(bundle, options, context);
    finishWith(finish, flags, checks, doctorText, doctorExitCode(checks));
  });
}

type Part = (typeof allParts)[number];

function partsOf(flags: Flags): readonly Part[] {
  const named = listFlag(flags.only).flatMap(splitList);
  const strange = named.find((name) => !allParts.some((part) => part === name));
  if (strange !== undefined) {
    throw new AirgapError('usage', 'doctor has no such part', {
      given: `--only ${strange}`,
      expected: allParts.join(', '),
      next: 'give --only one or more of these',
    });
  }
  return named.length === 0 ? allParts : allParts.filter((part) => named.includes(part));
}

/** What was asked for by name is looked at, and a flag is of something that is looked at. */
function checkParts(parts: readonly Part[], flags: Flags): void {
  if (parts === allParts) return;
  const only = `--only ${parts.join(',')}`;
  const strange = partFlags.find(
    ({ name, part }) => textFlag(flags[name]) !== undefined && !parts.includes(part),
  );
  if (strange !== undefined) {
    const { flag, part } = strange;
    const isForLogin = part === 'cluster' && parts.includes('registry');
    throw new AirgapError('usage', `${flag} does not go with ${only}`, {
      given: `${flag} ${textFlag(flags[strange.name])}`,
      next: isForLogin
        ? `leave out --only, and the login is that of the cluster; or give --username and --password-file in place of ${flag}`
        : `leave out ${flag}, or add ${part} to --only`,
    });
  }
  if (parts.includes('nodes') && !flags.nodeConfig) {
    throw new AirgapError('usage', `${only} wants the files of a node`, {
      expected: "--node-config FILE: a node's containerd config.toml, or its certs.d folder",
    });
  }
}

const partFlags = [
  { name: 'kubeconfig', flag: '--kubeconfig', part: 'cluster' },
  { name: 'context', flag: '--context', part: 'cluster' },
  { name: 'nodeConfig', flag: '--node-config', part: 'nodes' },
] as const;
