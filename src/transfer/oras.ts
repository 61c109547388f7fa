import { existsSync } from 'node:fs';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryClient } from '../registry/client.ts';
import { Gate } from '../registry/gate.ts';
import { type Reach, retry, Transient, tenMinutes, waitNote } from '../registry/retry.ts';
import { AirgapError } from '../report/error.ts';
import type { LayoutFile, TransferTools } from './job.ts';
import { openOrasAccess } from './oras-access.ts';
import { reportedDigests, shortName, type Watch } from './oras-bytes.ts';
import { orasFailure } from './oras-errors.ts';
import { placesOf, takePlaces } from './oras-places.ts';

/** One `oras cp`: everything reachable from a digest, into one repository of a registry. */
export interface Copy {
  readonly digest: Digest;
  readonly from: { readonly client: RegistryClient; readonly repository: string } | LayoutFile;
  readonly to: {
    readonly client: RegistryClient;
    readonly repository: string;
    readonly tag?: string;
  };
  /** Most blobs at a time. */
  readonly atOnce: number;
  /** Told of each process that makes it. */
  readonly watch?: Watch;
}

export interface Oras {
  /** Resolves to what was uploaded, of `blobs`. @throws AirgapError classified from what oras wrote */
  copy(copy: Copy, blobs: readonly Descriptor[]): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

/** Processes at a time, whatever the registries take: each needs some 20 MiB. */
const processes = 12;
/** Between SIGTERM and SIGKILL, in milliseconds. */
const patience = 5_000;

/** Runs oras with private configuration files, a small environment, and no secret in its arguments. */
export async function openOras(tools: TransferTools, context: Context): Promise<Oras> {
  const access = await openOrasAccess(tools, context.env);
  const env = childEnvironment(context.env, access.dockerConfig);
  const gate = new Gate({ places: processes });
  const attempt = async (copy: Copy, most: number): Promise<string> => {
    const flags = [
      ...('fd' in copy.from ? ['--from-oci-layout'] : await access.flags('from', copy.from.client)),
      ...(await access.flags('to', copy.to.client)),
    ];
    const leave = await gate.enter(context.signal);
    try {
      const taken = await takePlaces(copy, most);
      const words = copyArguments(copy, [`--concurrency=${taken.concurrency}`, ...flags]);
      return await run(tools.oras, copy, words, env, context.signal).finally(taken.leave);
    } finally {
      leave();
    }
  };
  return {
    copy: async (copy, blobs) => {
      const most = Math.min(copy.atOnce, blobs.length);
      const sent = uploaded(await persist(copy, () => attempt(copy, most), tools, context), blobs);
      const bytes = totalSize(sent);
      for (const places of placesOf(copy)) places.moved(bytes);
      return sent;
    },
    close: access.close,
  };
}

/** Runs a copy again while it may yet succeed, by the rules of our own requests; oras itself gives up in seconds. */
async function persist(
  copy: Copy,
  attempt: () => Promise<string>,
  { retryBudgetMs: budget = tenMinutes }: TransferTools,
  { signal, emit }: Context,
): Promise<string> {
  let again = false;
  const reach: Reach = { answered: new Set(), missed: new Set() };
  const work = async () => {
    // Our own request waits for a target that is away; a process would be started in vain.
    if (again) await copy.to.client.headManifest(copy.to.repository, copy.digest);
    again = true;
    return attempt().catch(asTransient);
  };
  const onWait = (wait: number, failure: Transient) => {
    for (const places of placesOf(copy)) places.failing(failure, wait);
    emit(waitNote(wait, failure));
  };
  return retry(work, { budget, signal, reach, onWait });
}

function asTransient(error: unknown): never {
  throw error instanceof AirgapError && error.class === 'transient' ? new Transient(error) : error;
}

/** Resolves to what oras wrote to stdout. */
async function run(
  oras: string,
  copy: Copy,
  words: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const child = execa(oras, words, {
    env,
    extendEnv: false,
    // execa hands any descriptor on; its types name those up to 9.
    stdin: 'fd' in copy.from ? (copy.from.fd as 3) : 'ignore',
    cancelSignal: signal,
    forceKillAfterDelay: patience,
    reject: false,
  });
  const stopWatching = copy.watch?.(child);
  const result = await child;
  stopWatching?.();
  if (result.isCanceled) signal.throwIfAborted();
  if (result.failed) throw orasFailure(result.stderr || (result.shortMessage ?? ''), nameOf(copy));
  return result.stdout;
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
  if (!('fd' in from)) return `${from.client.host}/${from.repository}`;
  return existsSync('/proc/self/fd') ? '/proc/self/fd/0' : from.path;
}

function nameOf({ digest, from, to }: Copy): string {
  const source = 'fd' in from ? from.path : `${from.client.host}/${from.repository}`;
  return `${source}@${digest} to ${to.client.host}/${to.repository}`;
}

/** Only to count: what counts is read back by HEAD. */
function uploaded(stdout: string, blobs: readonly Descriptor[]): Descriptor[] {
  const copied = reportedDigests('Copied', stdout);
  return blobs.filter(({ digest }) => copied.has(shortName(digest)));
}

function childEnvironment(env: Context['env'], dockerConfig: string): Record<string, string> {
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
