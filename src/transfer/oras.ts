import type { Context } from '../context.ts';
import { type Descriptor, totalSize } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RegistryClient } from '../registry/client.ts';
import { Gate } from '../registry/gate.ts';
import { tenMinutes } from '../registry/retry.ts';
import { stallTime } from '../registry/transport.ts';
import type { LayoutFile, TransferTools } from './job.ts';
import { type OrasAccess, openOrasAccess } from './oras-access.ts';
import { shortName, type Watch } from './oras-bytes.ts';
import { placesOf, type Taken, takePlaces } from './oras-places.ts';
import { childEnvironment, copyArguments, runOras } from './oras-process.ts';
import { persist } from './oras-tries.ts';

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
  /** Told of what is seen of each process that makes it. */
  readonly watch?: Watch;
}

export interface Oras {
  /** Resolves to what was uploaded, of `blobs`. @throws AirgapError classified from what oras wrote */
  copy(copy: Copy, blobs: readonly Descriptor[]): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

/** Processes at a time, whatever the registries take: each needs some 20 MiB. */
const processes = 12;

/** Runs oras with private configuration files, a small environment, and no secret in its arguments. */
export async function openOras(tools: TransferTools, context: Context): Promise<Oras> {
  const { signal } = context;
  const access = await openOrasAccess(tools, context.env);
  const env = childEnvironment(context.env, access.dockerConfig);
  const gate = new Gate({ places: processes });
  const run = async (copy: Copy, blobs: readonly Descriptor[], ask: () => Promise<void>) => {
    const flags = [
      ...(await sourceFlags(copy.from, access)),
      ...(await access.flags('to', copy.to.client)),
    ];
    const leave = await gate.enter(signal);
    try {
      const taken = await enter(copy, Math.min(copy.atOnce, blobs.length), ask);
      const words = copyArguments(copy, [`--concurrency=${taken.concurrency}`, ...flags]);
      const process = { words, env, oras: tools.oras, stallMs: tools.stallMs ?? stallTime };
      return await runOras(process, copy, blobs, signal).finally(taken.leave);
    } finally {
      leave();
    }
  };
  return {
    copy: async (copy, blobs) => {
      const budget = tools.retryBudgetMs ?? tenMinutes;
      const begun = await persist(copy, blobs, run, { budget, signal });
      const sent = blobs.filter(({ digest }) => begun.has(shortName(digest)));
      const bytes = totalSize(sent);
      for (const places of placesOf(copy)) places.moved(bytes);
      return sent;
    },
    close: access.close,
  };
}

async function sourceFlags(from: Copy['from'], { flags }: OrasAccess): Promise<string[]> {
  if ('fd' in from) return ['--from-oci-layout'];
  return flags('from', 'server' in from ? from.server : from.client);
}

/** Places for a copy, at hosts that take requests. */
async function enter(copy: Copy, most: number, ask: () => Promise<void>): Promise<Taken> {
  for (;;) {
    const taken = await takePlaces(copy, most);
    if (taken !== undefined) return taken;
    await ask();
  }
}
