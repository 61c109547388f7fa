import { existsSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Copy } from './oras.ts';
import { watchProcess } from './oras-bytes.ts';
import { OrasFailure } from './oras-errors.ts';
import { placesOf } from './oras-places.ts';
import { watchStall } from './oras-stall.ts';

/** Between SIGTERM and SIGKILL, in milliseconds. */
const patience = 3_000;
/** Between two looks at a process, milliseconds. */
const mostBetween = 1_000;

/** A process that has ended. */
export interface Ended {
  /** Names of the blobs that it says to have begun and to have sent. What counts is read back by HEAD. */
  readonly begun: ReadonlySet<string>;
  readonly copied: ReadonlySet<string>;
  readonly failure?: OrasFailure;
}

export interface OrasProcess {
  readonly oras: string;
  readonly words: readonly string[];
  readonly env: Record<string, string>;
  readonly stallMs: number;
}

/** Runs oras until it ends, or has moved nothing for too long. @throws the signal's reason */
export async function runOras(
  { oras, words, env, stallMs }: OrasProcess,
  copy: Copy,
  blobs: readonly Descriptor[],
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const stall = new AbortController();
  const child = execa(oras, words, {
    env,
    extendEnv: false,
    // execa hands any descriptor on; its types name those up to 9.
    stdin: 'fd' in copy.from ? (copy.from.fd as 3) : 'ignore',
    cancelSignal: AbortSignal.any([signal, stall.signal]),
    forceKillAfterDelay: patience,
    reject: false,
    // Read line by line as it comes.
    buffer: { stdout: false },
  });
  const isExcused = () => isHeldBack(copy);
  const stalled = watchStall(blobs, { stallMs, isExcused }, () => stall.abort());
  const watches = [stalled, ...(copy.watch ? [copy.watch] : [])];
  const watched = watchProcess(child, Math.min(mostBetween, stallMs / 5), watches);
  const [result] = await Promise.all([child, finished(child.stdout).catch(() => {})]);
  watched.stop();
  if (result.isCanceled) signal.throwIfAborted();
  const { Copying: begun, Copied: copied } = watched.reported;
  if (!result.failed) return { begun, copied };
  const said = stall.signal.aborted
    ? `timeout: no byte for ${Math.round(stallMs / 1000)} s`
    : result.stderr || (result.shortMessage ?? '');
  return { begun, copied, failure: new OrasFailure(said, nameOf(copy)) };
}

/** oras owes nothing while a host wants to be left alone, or we have nothing to give it. */
function isHeldBack(copy: Copy): boolean {
  const { from } = copy;
  const isBehind = 'server' in from && from.isBehind();
  return isBehind || placesOf(copy).some(({ isOpen }) => !isOpen);
}

/**
 * Argv of one copy. `--force` makes oras look behind a manifest that is there already: an earlier, killed push
 * may have left it without its blobs.
 */
export function copyArguments(copy: Copy, flags: readonly string[]): readonly string[] {
  const { client, repository, tag } = copy.to;
  const target = `${client.host}/${repository}${tag === undefined ? '' : `:${tag}`}`;
  const options = ['--force', '--no-tty', ...flags];
  return ['cp', ...options, '--', `${sourceName(copy.from)}@${copy.digest}`, target];
}

/** The tar is the child's standard input. */
function sourceName(from: Copy['from']): string {
  if (!('fd' in from)) return registryName(from);
  return existsSync('/proc/self/fd') ? '/proc/self/fd/0' : from.path;
}

function nameOf({ digest, from, to }: Copy): string {
  const source = 'fd' in from ? from.path : registryName(from);
  return `${source}@${digest} to ${registryName(to)}`;
}

function registryName(at: Copy['to'] | Exclude<Copy['from'], { readonly fd: number }>): string {
  const { host } = 'server' in at ? at.server : at.client;
  return `${host}/${at.repository}`;
}

/** What of our environment oras gets. */
export function childEnvironment(
  env: Context['env'],
  dockerConfig: string,
): Record<string, string> {
  const kept = passedOn.flatMap((name) => [name, name.toLowerCase()]);
  const entries = kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(entries), DOCKER_CONFIG: dockerConfig };
}

const passedOn = [
  'PATH',
  'HOME',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const;
