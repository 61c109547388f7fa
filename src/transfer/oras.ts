import { existsSync } from 'node:fs';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryClient } from '../registry/client.ts';
import { Gate } from '../registry/gate.ts';
import { Attempts, Transient, tenMinutes } from '../registry/retry.ts';
import { stallTime } from '../registry/transport.ts';
import type { LayoutFile, TransferTools } from './job.ts';
import { openOrasAccess } from './oras-access.ts';
import { reportedDigests, shortName, type Watch } from './oras-bytes.ts';
import { OrasFailure } from './oras-errors.ts';
import { placesOf, type Taken, takePlaces } from './oras-places.ts';
import { watchStall } from './oras-stall.ts';
import { throughUs } from './oras-through-us.ts';

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
const patience = 3_000;

/** Runs oras with private configuration files, a small environment, and no secret in its arguments. */
export async function openOras(tools: TransferTools, context: Context): Promise<Oras> {
  const access = await openOrasAccess(tools, context.env);
  const env = childEnvironment(context.env, access.dockerConfig);
  const gate = new Gate({ places: processes });
  const attempt: Attempt = async (copy, blobs) => {
    const flags = [
      ...('fd' in copy.from ? ['--from-oci-layout'] : await access.flags('from', copy.from.client)),
      ...(await access.flags('to', copy.to.client)),
    ];
    const leave = await gate.enter(context.signal);
    try {
      const taken = await enter(copy, Math.min(copy.atOnce, blobs.length));
      const words = copyArguments(copy, [`--concurrency=${taken.concurrency}`, ...flags]);
      const process = { words, env, oras: tools.oras, stallMs: tools.stallMs ?? stallTime };
      return await run(process, copy, blobs, context.signal).finally(taken.leave);
    } finally {
      leave();
    }
  };
  return {
    copy: async (copy, blobs) => {
      const begun = await persist(copy, blobs, attempt, tools, context);
      const sent = blobs.filter(({ digest }) => begun.has(shortName(digest)));
      const bytes = totalSize(sent);
      for (const places of placesOf(copy)) places.moved(bytes);
      return sent;
    },
    close: access.close,
  };
}

type Attempt = (copy: Copy, blobs: readonly Descriptor[]) => Promise<Ended>;

/** A process that has ended. */
interface Ended {
  /** Names of the blobs that it says to have begun and to have sent. What counts is read back by HEAD. */
  readonly begun: ReadonlySet<string>;
  readonly copied: ReadonlySet<string>;
  readonly failure?: OrasFailure;
}

/** Runs a copy again while it may yet succeed, by the rules of our own requests; oras itself gives up in seconds. */
async function persist(
  copy: Copy,
  blobs: readonly Descriptor[],
  attempt: Attempt,
  { retryBudgetMs: budget = tenMinutes }: TransferTools,
  { signal }: Context,
): Promise<ReadonlySet<string>> {
  const onWait = (wait: number, failure: Transient) => {
    for (const places of placesOf(copy)) places.failing(failure, wait);
  };
  const reach = { answered: new Map(), missed: new Set<string>() };
  const attempts = new Attempts({ budget, signal, reach, onWait });
  const begun = new Set<string>();
  const copied = new Set<string>();
  const again = secondChances();
  const detour = throughUs(copy, blobs, { signal });
  try {
    for (let way = copy; ; ) {
      const ended = await attempt(way, blobs);
      const { failure } = ended;
      for (const name of ended.begun) begun.add(name);
      // Whatever was begun is there now, also if its acknowledgement was lost.
      if (failure === undefined) return begun;
      const before = copied.size;
      for (const name of ended.copied) copied.add(name);
      if (copied.size > before) attempts.progressed();
      if (failure.status === 429) placesAt(copy, failure.end)?.limited(new Transient(failure));
      await attempts.pauseAfter(again(failure) ? new Transient(failure) : failure);
      await askHosts(copy);
      way = await detour.after(failure);
    }
  } finally {
    await detour.close();
  }
}

/**
 * What passes may be tried until the budget is spent. Once more: bytes that were damaged on the way, and a login, since
 * a token may have run out in the middle of an upload, which oras cannot begin again; and what nobody understands.
 */
function secondChances(): (failure: OrasFailure) => boolean {
  const given = new Set<string>();
  return ({ class: name, status, isUnderstood }) => {
    if (name === 'transient') return true;
    const isFirst = !given.has(name);
    given.add(name);
    return isFirst && (name === 'integrity' || status === 401 || !isUnderstood);
  };
}

/**
 * Asks both hosts for the manifest by our own client before a process is started again. That waits for one that is away
 * or has asked to be left alone, which oras does not tell; and learns whether a login is refused for good.
 */
async function askHosts({ digest, from, to }: Copy): Promise<void> {
  await to.client.headManifest(to.repository, digest);
  if ('client' in from && 'getManifest' in from.client)
    await from.client.getManifest(from.repository, digest);
}

/** Places for a copy, at hosts that take requests. */
async function enter(copy: Copy, most: number): Promise<Taken> {
  for (;;) {
    const taken = await takePlaces(copy, most);
    if (taken !== undefined) return taken;
    await askHosts(copy);
  }
}

function placesAt({ from, to }: Copy, end: OrasFailure['end']) {
  if (end === 'target') return to.client.places;
  return 'client' in from ? from.client.places : undefined;
}

interface OrasProcess {
  readonly oras: string;
  readonly words: readonly string[];
  readonly env: Record<string, string>;
  readonly stallMs: number;
}

async function run(
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
  });
  const isExcused = () => isHeldBack(copy);
  const watches = [copy.watch, watchStall(blobs, { stallMs, isExcused }, () => stall.abort())];
  const stops = watches.map((watch) => watch?.(child));
  const result = await child;
  for (const stop of stops) stop?.();
  if (result.isCanceled) signal.throwIfAborted();
  const begun = reportedDigests('Copying', result.stdout);
  const copied = reportedDigests('Copied', result.stdout);
  if (!result.failed) return { begun, copied };
  const said = stall.signal.aborted
    ? `timeout: no byte for ${Math.round(stallMs / 1000)} s`
    : result.stderr || (result.shortMessage ?? '');
  return { begun, copied, failure: new OrasFailure(said, nameOf(copy)) };
}

/** oras owes nothing while a host wants to be left alone, or we have nothing to give it. */
function isHeldBack(copy: Copy): boolean {
  const { from } = copy;
  const isBehind = 'client' in from && 'isBehind' in from.client && from.client.isBehind?.();
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
  if (!('fd' in from)) return `${from.client.host}/${from.repository}`;
  return existsSync('/proc/self/fd') ? '/proc/self/fd/0' : from.path;
}

function nameOf({ digest, from, to }: Copy): string {
  const source = 'fd' in from ? from.path : `${from.client.host}/${from.repository}`;
  return `${source}@${digest} to ${to.client.host}/${to.repository}`;
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
