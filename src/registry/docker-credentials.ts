import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { dockerHubHosts, dockerHubKey, isDockerHub } from '../oci/docker-hub.ts';
import { AirgapError } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';
import type { Credential, CredentialOf } from './access.ts';
import { itself, onceEach } from './once.ts';

const notFound = 'credentials not found in native keychain';
const helperTimeout = 60_000;

const entrySchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

const configSchema = z.object({
  auths: z.record(z.string(), entrySchema).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

const helperSchema = z.object({ Username: z.string(), Secret: z.string() });

type Config = z.infer<typeof configSchema>;
type Entry = z.infer<typeof entrySchema>;

/**
 * Credentials as `docker login` left them: `credHelpers`, then `credsStore`, then `auths` of
 * `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`. Each host gets its own and no other's.
 * The file is read once, each host looked up once.
 * @throws AirgapError from the lookup: `usage` for a broken file, `tool` for a missing helper
 */
export function dockerCredentials(context: Context): CredentialOf {
  let config: Promise<Config> | undefined;
  return onceEach(itself, async (host) => {
    config ??= readConfig(context);
    return lookUp(host, await config, context);
  });
}

async function lookUp(
  host: string,
  config: Config,
  context: Context,
): Promise<Credential | undefined> {
  const helper = entryFor(host, config.credHelpers ?? {}) || config.credsStore;
  const fromHelper = helper ? await askHelper(helper, host, context) : undefined;
  if (fromHelper !== undefined) return fromHelper;
  const entry = entryFor(host, config.auths ?? {});
  return entry && readEntry(entry, host, context);
}

async function readConfig(context: Context): Promise<Config> {
  const path = configPath(context);
  const text = path && (await readIfThere(path));
  if (!text) return {};
  try {
    return configSchema.parse(JSON.parse(text));
  } catch (error) {
    // What JSON.parse says may quote the file, and with it a password.
    throw new AirgapError('usage', `cannot read the docker config ${path}`, {
      given: error instanceof z.ZodError ? z.prettifyError(error) : 'no JSON',
      next: `mend ${path}, or name another folder in DOCKER_CONFIG`,
    });
  }
}

function configPath({ env, cwd }: Context): string | undefined {
  if (env.DOCKER_CONFIG) return resolve(cwd, env.DOCKER_CONFIG, 'config.json');
  return env.HOME ? join(env.HOME, '.docker', 'config.json') : undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const next = 'make the file readable, or name another folder in DOCKER_CONFIG';
    throw new AirgapError('usage', `cannot read the docker config ${path}`, {
      given: code ?? '',
      next,
      cause,
    });
  }
}

/** By exact key, else by a key that is the host with a scheme or path (`https://host/v2/`). */
function entryFor<T>(host: string, entries: Readonly<Record<string, T>>): T | undefined {
  const names = isDockerHub(host) ? [dockerHubKey, ...dockerHubHosts] : [host];
  const exact = names.find((name) => Object.hasOwn(entries, name));
  if (exact !== undefined) return entries[exact];
  const key = Object.keys(entries).find((name) => names.includes(hostOfKey(name)));
  return key === undefined ? undefined : entries[key];
}

function hostOfKey(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

function readEntry(entry: Entry, host: string, context: Context): Credential | undefined {
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  const { username, password } = entry.auth ? decoded(entry.auth, host, context) : entry;
  return username ? { username, password: password ?? '' } : undefined;
}

function decoded(
  auth: string,
  host: string,
  context: Context,
): { username: string; password: string } {
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw new AirgapError('usage', `the docker config holds no usable auth for ${host}`, {
      given: configPath(context) ?? '',
      expected: 'base64 of user:password',
      next: `docker login ${host}`,
    });
  }
  // docker pads passwords with NUL.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** The credential helper protocol: the server on stdin of `docker-credential-X get`, JSON on stdout. */
async function askHelper(
  helper: string,
  host: string,
  context: Context,
): Promise<Credential | undefined> {
  if (!/^[\w.-]+$/.test(helper)) throw badHelper(helper, 'usage', 'not the name of a helper');
  const program = `docker-credential-${helper}`;
  const answer = await execa(program, ['get'], {
    input: isDockerHub(host) ? dockerHubKey : host,
    env: helperEnvironment(context.env),
    extendEnv: false,
    cwd: context.cwd,
    cancelSignal: context.signal,
    timeout: helperTimeout,
    reject: false,
  });
  context.signal.throwIfAborted();
  if (answer.code === 'ENOENT') throw badHelper(program, 'tool', 'not found on PATH');
  if (answer.failed) {
    if (`${answer.stdout}${answer.stderr}`.includes(notFound)) return undefined;
    const said = oneLine(`${answer.stderr} ${answer.stdout}`) || 'no reason given';
    throw badHelper(program, 'authentication', said);
  }
  return readHelper(answer.stdout, program);
}

/** Theirs is whatever their cloud or desktop wants, so all but our own secrets and the Action's inputs. */
export function helperEnvironment(env: Context['env']): Context['env'] {
  const theirs = Object.entries(env).filter(([name]) => !/^(?:AIRGAP_BUNDLE|INPUT)_/i.test(name));
  return Object.fromEntries(theirs);
}

function readHelper(text: string, program: string): Credential | undefined {
  let answer: z.infer<typeof helperSchema>;
  try {
    answer = helperSchema.parse(JSON.parse(text));
  } catch {
    throw badHelper(program, 'authentication', 'an answer that is not its protocol');
  }
  const { Username: username, Secret: secret } = answer;
  if (username === '<token>') return { identityToken: secret };
  return username ? { username, password: secret } : undefined;
}

function badHelper(
  program: string,
  kind: 'usage' | 'tool' | 'authentication',
  given: string,
): AirgapError {
  return new AirgapError(kind, `the credential helper ${JSON.stringify(program)} does not work`, {
    given,
    next: 'install it, or remove it from credsStore and credHelpers of the docker config',
  });
}
