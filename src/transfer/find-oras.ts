import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

/** The oldest oras that can be used: it has `cp --force` and reads layouts in a tar by digest. */
const oldestOras = '1.3.6';

/**
 * Path of a usable oras: AIRGAP_BUNDLE_ORAS, else the first on PATH.
 * @throws AirgapError tool when there is none, or when it is too old
 */
export async function findOras(context: Context): Promise<string> {
  const named = context.env.AIRGAP_BUNDLE_ORAS;
  const path = named ? resolve(context.cwd, named) : await firstOnPath(context);
  if (path === undefined || !(await isExecutable(path))) throw missing(named);
  await checkOras(path, context);
  return path;
}

/** @throws AirgapError tool for one that is too old, or does not run */
export async function checkOras(path: string, context: Context): Promise<void> {
  const version = await versionOf(path, context);
  if (version === undefined || isOlder(version, oldestOras)) throw tooOld(path, version);
}

const howToGetIt =
  `get oras v${oldestOras} or later from https://github.com/oras-project/oras/releases, ` +
  'put it on PATH or name it in AIRGAP_BUNDLE_ORAS';

async function firstOnPath({ env, cwd }: Context): Promise<string | undefined> {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = folders.flatMap((folder) =>
    ['oras', 'oras.exe'].map((name) => join(resolve(cwd, folder), name)),
  );
  for (const path of candidates) if (await isExecutable(path)) return path;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** What an oras says of itself, `1.3.6`; undefined for one that does not. */
export async function versionOf(
  path: string,
  { env, signal }: Context,
): Promise<string | undefined> {
  const { stdout } = await execa(path, ['version'], {
    env: { PATH: env.PATH ?? '' },
    extendEnv: false,
    stdin: 'ignore',
    cancelSignal: signal,
    timeout: 20_000,
    reject: false,
  });
  return /^Version:\s+v?(\d+\.\d+\.\d+)/m.exec(stdout ?? '')?.[1];
}

/** Of two versions `major.minor.patch`. */
export function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

function missing(named: string | undefined): AirgapError {
  return new AirgapError('tool', 'oras was not found', {
    given: named ?? 'no oras on PATH',
    expected: `oras ${oldestOras} or later`,
    next: howToGetIt,
  });
}

function tooOld(path: string, version: string | undefined): AirgapError {
  const message = version ? 'oras is too old' : 'this oras does not tell its version';
  return new AirgapError('tool', message, {
    given: version ? `${version} (${path})` : path,
    expected: `oras ${oldestOras} or later`,
    next: howToGetIt,
  });
}
