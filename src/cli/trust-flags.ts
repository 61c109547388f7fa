import type { Command } from 'commander';
import type { TrustOptions } from '../commands/keyring.ts';
import { splitList } from '../inputs/overrides.ts';
import { collect, type Flags, listFlag } from './flags.ts';

/** The flags that say whose bundles are taken, and what of one is let pass. */
export function addTrust(verb: Command): Command {
  verb.optionsGroup('Trust:');
  verb.option('--key <file>', 'public key of whoever made the bundle; may be repeated', collect);
  return addRevoked(verb)
    .option('--allow-unsigned', 'take a bundle without a signature')
    .option('--allow-expired', 'take a bundle whose dates do not fit the clock');
}

export function addRevoked(verb: Command): Command {
  return verb.option(
    '--revoked <id|file>',
    'key whose signatures are refused: its id, its .pub, or a file of ids; may be repeated',
    collect,
  );
}

export function keyring(flags: Flags): Pick<TrustOptions, 'keys' | 'revoked'> {
  return { keys: listFlag(flags.key), revoked: listFlag(flags.revoked).flatMap(splitList) };
}

export function trustOptions(flags: Flags): TrustOptions {
  return {
    ...keyring(flags),
    allowUnsigned: flags.allowUnsigned === true,
    allowExpired: flags.allowExpired === true,
  };
}

export const siteHelp =
  'YAML with the target as it is named here: ociImageRegistry, registries, pullThrough';
