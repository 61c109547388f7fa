import { existsSync } from 'node:fs';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { LayoutOrigin, TransferTools } from './job.ts';
import { openOrasAccess } from './oras-access.ts';
import { orasFailure } from './oras-errors.ts';
import { retryTransient } from './retry.ts';
import { gate } from './waiting.ts';

/** One `oras cp`: everything reachable from a digest, into one repository of a registry. */
export interface Copy {
  readonly digest: Digest;
  readonly from:
    | { readonly client: RegistryClient; readonly repository: string }
    | LayoutOrigin['file'];
  readonly to: {
    readonly client: RegistryClient;
    readonly repository: string;
    readonly tag?: string;
  };
}

export interface Oras {
  /** Resolves to what was uploaded, of `blobs`. @throws AirgapError classified from what oras wrote */
  copy(copy: Copy, blobs: readonly Descriptor[]): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

/** Processes at a time: each spends most of its time waiting for a registry. */
const processes = 4;
/** Blobs at a time within one process. */
const concurrency = 4;
/** Between SIGTERM and SIGKILL, in milliseconds. */
const patience = 5_000;

/** Runs oras with private configuration files, a small environment, and no secret in its arguments. */
export async function openOras(tools: TransferTools, context: Context): Promise<Oras> {
  const access = await openOrasAccess(tools, context.env);
  const env = childEnvironment(context.env, access.dockerConfig);
  const limited = gate(processes);
  const attempt = async (copy: Copy): Promise<string> => {
    const flags = [
      ...('fd' in copy.from ? ['--from-oci-layout'] : await access.flags('from', copy.from.client)),
      ...(await access.flags('to', copy.to.client)),
    ];
    return run(tools.oras, copy, flags, env, context.signal);
  };
  return {
    copy: (copy, blobs) =>
      limited(async () => {
        const stdout = await retryTransient(() => attempt(copy), context.signal);
        return uploaded(stdout, blobs);
      }),
    close: access.close,
  };
}

/** Resolves to what oras wrote to stdout. */
async function run(
  oras: string,
  copy: Copy,
  flags: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const result = await execa(oras, copyArguments(copy, flags), {
    env,
    extendEnv: false,
    // execa hands any descriptor on; its types name those up to 9.
    stdin: 'fd' in copy.from ? (copy.from.fd as 3) : 'ignore',
    cancelSignal: signal,
    forceKillAfterDelay: patience,
    reject: false,
  });
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
  const options = ['--force', '--no-tty', `--concurrency=${concurrency}`, ...flags];
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

/** Of oras's words only `Copied <12 hex>` is read, and only to count: what counts is read back by HEAD. */
function uploaded(stdout: string, blobs: readonly Descriptor[]): Descriptor[] {
  const copied = new Set([...stdout.matchAll(/^Copied\s+([0-9a-f]{12}) /gm)].map(([, hex]) => hex));
  return blobs.filter(({ digest }) => copied.has(digest.split(':')[1]?.slice(0, 12)));
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
