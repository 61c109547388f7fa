import type { PushOptions } from '../commands/push-credential.ts';
import type { Context } from '../context.ts';
import type { BundleInput } from '../inputs/bundle-file.ts';
import { type Given, splitList } from '../inputs/overrides.ts';
import { settings } from '../inputs/settings.ts';
import { AirgapError } from '../report/error.ts';
import type { KeepPrivate } from './private-files.ts';

const commands = ['plan', 'mirror', 'create'] as const;

export type ActionCommand = (typeof commands)[number];

export interface ActionInputs {
  /** Verbs to run, in this order. */
  readonly commands: readonly ActionCommand[];
  readonly bundle: BundleInput;
  /** Folder for the bundle. */
  readonly out: string;
  /** File of `plan -o`. */
  readonly plan: string | undefined;
  readonly withoutImages: boolean;
  readonly push: PushOptions;
  /** Variables that inputs stand for. */
  readonly env: Readonly<Record<string, string>>;
}

/** Reads `with:`; the same settings as the CLI's flags, by the same names. Secrets are masked at once. */
export async function readActionInputs(
  input: (name: string) => string,
  { emit }: Context,
  keep: KeepPrivate,
): Promise<ActionInputs> {
  const text = (name: string): string | undefined => input(name) || undefined;
  const secret = (name: string): string | undefined => {
    const value = text(name);
    if (value) emit({ kind: 'secret', value });
    return value;
  };
  const given: Record<string, Given[string]> = {};
  for (const { name, kind } of settings) {
    const value = text(name);
    if (value) given[name] = kind === 'list' || kind === 'pairs' ? splitList(value) : value;
  }
  const key = secret('signing-key');
  if (key) given['signing-key-file'] = await keep('signing.key', `${key}\n`);
  const passphrase = secret('signing-key-passphrase');
  const password = secret('push-password');
  const file = text('file');
  return {
    commands: readCommands(text('command') ?? 'create'),
    bundle: { given, ...(file ? { file } : {}) },
    out: text('out') ?? '.',
    plan: text('plan'),
    withoutImages: input('without-images') === 'true',
    env: passphrase ? { AIRGAP_BUNDLE_KEY_PASSPHRASE: passphrase } : {},
    push: {
      username: text('push-username'),
      passwordFile: password ? await keep('push-password', password) : text('push-password-file'),
      allowPlainHttp: input('allow-plain-http-credentials') === 'true',
    },
  };
}

function readCommands(value: string): ActionCommand[] {
  const wanted = splitList(value);
  const unknown = wanted.filter((one) => !commands.includes(one as ActionCommand));
  if (unknown.length === 0 && wanted.length > 0)
    return commands.filter((one) => wanted.includes(one));
  throw new AirgapError('usage', 'the input `command` names no command', {
    given: value,
    expected: `one or more of ${commands.join(', ')}`,
  });
}
