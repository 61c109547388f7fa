import { resolve } from 'node:path';
import type { GivenCredential, Whose } from '../commands/given-credential.ts';
import type { Update } from '../commands/pins.ts';
import type { PushOptions } from '../commands/push-credential.ts';
import type { Context } from '../context.ts';
import type { BundleInput } from '../inputs/bundle-file.ts';
import { readText, withoutLastBreak } from '../inputs/files.ts';
import { type Given, splitList } from '../inputs/overrides.ts';
import { type Setting, settings } from '../inputs/settings.ts';
import { isCommaForm } from '../mirror-map/parse.ts';
import { AirgapError } from '../report/error.ts';
import type { PrivateFolder } from './private-folder.ts';
import { readRegistryAuth } from './registry-auth.ts';
import { readShards, type ShardInputs } from './shards.ts';

const commands = ['plan', 'mirror', 'create'] as const;

export type ActionCommand = (typeof commands)[number];

export interface ActionInputs extends ShardInputs {
  /** Verbs to run, in this order. */
  readonly commands: readonly ActionCommand[];
  readonly bundle: BundleInput;
  /** Folder for the bundle. */
  readonly out: string;
  /** Of the parts of the bundle, as it was written. */
  readonly splitSize: string | undefined;
  /** File of `plan -o`. */
  readonly plan: string | undefined;
  readonly withoutImages: boolean;
  /** A bundle made earlier, whose blobs are taken from there. */
  readonly reuse: string | undefined;
  /** The bundle that the new one builds on. */
  readonly since: string | undefined;
  /** Resolve again, whatever a killed run left. */
  readonly fresh: boolean;
  /** Ask for what lies below the tags that are right already. */
  readonly deep: boolean;
  /** Write the lock file: only these pins are let go. Absent: follow it, if it is there. */
  readonly update: Update | undefined;
  /** An older bundle that the summary compares with. */
  readonly compareTo: string | undefined;
  /** Folder for the report. */
  readonly report: string | undefined;
  readonly push: PushOptions;
  /** The cluster's pull credential, where the bundle is to carry it. */
  readonly pull: GivenCredential;
  /** Variables that inputs stand for. */
  readonly env: Readonly<Record<string, string>>;
}

/** The value of an input as it was written, `''` where there is none. */
export type ReadInput = (name: string) => string;

/** Variables whose values are secrets. */
const secretVariables = [
  'AIRGAP_BUNDLE_PUSH_PASSWORD',
  'AIRGAP_BUNDLE_PASSWORD',
  'AIRGAP_BUNDLE_KEY_PASSPHRASE',
];

/**
 * Reads `with:`. Secrets are masked at once, before anything can fail.
 * @throws AirgapError usage for a value that no command can take, or a thing given twice
 */
export async function readActionInputs(
  input: ReadInput,
  context: Context,
  folder: PrivateFolder,
): Promise<ActionInputs> {
  maskSecrets(input, context);
  const logins = readRegistryAuth(input('registry-auth'), context);
  refuseTwins(input);
  switchOf(input, 'summary');
  const file = text(input, 'file');
  const wanted = readCommands(text(input, 'command') ?? 'create');
  const update = readUpdate(input, wanted);
  return {
    commands: wanted,
    bundle: { given: await readSettings(input, folder), ...(file ? { file } : {}) },
    ...readShards(input, wanted),
    out: text(input, 'out') ?? '.',
    splitSize: text(input, 'split-size'),
    plan: text(input, 'plan'),
    withoutImages: switchOf(input, 'without-images'),
    reuse: text(input, 'reuse'),
    since: text(input, 'since'),
    fresh: switchOf(input, 'fresh'),
    deep: switchOf(input, 'deep'),
    update,
    compareTo: text(input, 'compare-to'),
    report: text(input, 'report'),
    env: await readPassphrase(input, context),
    push: { ...(await readPush(input, folder)), logins },
    pull: await readGivenInputs('pull', input, folder),
  };
}

function maskSecrets(input: ReadInput, { env, emit }: Context): void {
  const values = [
    ...[secret(input, 'signing-key'), secret(input, 'signing-key-passphrase')],
    ...loginSecrets(input, 'push'),
    ...loginSecrets(input, 'pull'),
    ...secretVariables.map((name) => env[name]),
  ];
  for (const value of values) if (value) emit({ kind: 'secret', value });
}

function loginSecrets(input: ReadInput, whose: Whose): (string | undefined)[] {
  const password = secret(input, `${whose}-password`);
  const username = text(input, `${whose}-username`);
  return [password, password && username ? `${username}:${password}` : undefined];
}

const twins = [
  ['images', 'images-file'],
  ['signing-key', 'signing-key-file'],
  ['signing-key', 'unsigned'],
  ['signing-key-passphrase', 'signing-key-passphrase-file'],
  ['push-password', 'push-password-file'],
  ['pull-password', 'pull-password-file'],
] as const;

/** Those of the settings are refused where flags are, too. */
function refuseTwins(input: ReadInput): void {
  const isGiven = (name: string) =>
    text(input, name) !== undefined && text(input, name) !== 'false';
  for (const [one, other] of twins) {
    if (!isGiven(one) || !isGiven(other)) continue;
    throw new AirgapError('usage', `${one} and ${other} are both given`, {
      expected: 'one of them',
    });
  }
}

async function readSettings(input: ReadInput, { keep }: PrivateFolder): Promise<Given> {
  const given: Record<string, Given[string]> = {};
  for (const setting of settings) given[setting.name] = readSetting(input, setting);
  const key = secret(input, 'signing-key');
  if (key) given['signing-key-file'] = await keep('signing.key', `${key}\n`);
  return given;
}

function readSetting(input: ReadInput, { name, kind }: Setting): Given[string] {
  const value = text(input, name);
  if (value === undefined) return undefined;
  if (kind === 'list' || kind === 'pairs') return splitList(value);
  // By lines it is a list like any other; the Secret carries the comma form.
  if (name === 'mirror-registries' && !isCommaForm(value)) return splitList(value).join(',');
  return kind === 'switch' ? switchOf(input, name) : value;
}

async function readPassphrase(
  input: ReadInput,
  { cwd, emit }: Context,
): Promise<Record<string, string>> {
  const file = text(input, 'signing-key-passphrase-file');
  const passphrase = file
    ? withoutLastBreak(await readText(resolve(cwd, file), 'the passphrase file'))
    : secret(input, 'signing-key-passphrase');
  if (!passphrase) return {};
  emit({ kind: 'secret', value: passphrase });
  return { AIRGAP_BUNDLE_KEY_PASSPHRASE: passphrase };
}

async function readPush(input: ReadInput, folder: PrivateFolder): Promise<PushOptions> {
  const allowPlainHttp = switchOf(input, 'allow-plain-http-credentials');
  return { ...(await readGivenInputs('push', input, folder)), allowPlainHttp };
}

async function readGivenInputs(
  whose: Whose,
  input: ReadInput,
  { keep }: PrivateFolder,
): Promise<GivenCredential> {
  const password = secret(input, `${whose}-password`);
  const passwordFile = password
    ? await keep(`${whose}-password`, password)
    : text(input, `${whose}-password-file`);
  return { username: text(input, `${whose}-username`), passwordFile };
}

/** As `plan --lock` and `plan --update` have it. */
function readUpdate(input: ReadInput, wanted: readonly ActionCommand[]): Update | undefined {
  const update = splitList(text(input, 'update') ?? '');
  const locks = update.length > 0 || switchOf(input, 'lock');
  if (!locks) return undefined;
  if (wanted.some((command) => command !== 'plan')) {
    throw new AirgapError('usage', 'lock and update are for command: plan alone', {
      given: wanted.join(', '),
      next: 'write the lock file in a step of its own, before this one',
    });
  }
  return update.length === 1 && update[0] === 'all' ? 'all' : update;
}

/** Unless it is refused; a summary tells of wrong inputs too. */
export function wantsSummary(input: ReadInput): boolean {
  return text(input, 'summary')?.toLowerCase() !== 'false';
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

function text(input: ReadInput, name: string): string | undefined {
  return input(name).trim() || undefined;
}

/** Its own spaces belong to a secret. */
function secret(input: ReadInput, name: string): string | undefined {
  return withoutLastBreak(input(name)) || undefined;
}

/** Absent is false. */
function switchOf(input: ReadInput, name: string): boolean {
  const value = text(input, name)?.toLowerCase() ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new AirgapError('usage', `${name} is neither true nor false`, {
    given: value,
    expected: 'true or false',
  });
}
