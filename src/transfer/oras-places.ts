import type { Places } from '../registry/places.ts';
import type { Copy } from './oras.ts';

/** What a copy may do until it leaves. */
export interface Taken {
  /** Blobs at a time. */
  readonly concurrency: number;
  leave(): void;
}

/**
 * Takes places at the hosts of a copy: for the first blob at a time they are waited for, further ones are had only
 * where nobody waits. Hosts come in one order for all copies, so that no two wait for each other.
 * @param most blobs at a time
 * @returns undefined where one of them has asked to be left alone
 */
export async function takePlaces(copy: Copy, most: number): Promise<Taken | undefined> {
  const hosts = placesOf(copy);
  const leaves: (() => void)[] = [];
  const leave = () => leaves.forEach((one) => void one());
  try {
    for (const places of new Set(hosts)) leaves.push(await places.enter());
  } catch (error) {
    leave();
    throw error;
  }
  if (!hosts.every(({ isOpen }) => isOpen)) {
    leave();
    return undefined;
  }
  // Within one host a blob is read and written at a time. Of the second place nobody is sure: there may be but one.
  if (new Set(hosts).size < hosts.length) leaves.push(...(tryAll(hosts.slice(1)) ?? []));
  let concurrency = 1;
  for (; concurrency < most; concurrency++) {
    const more = tryAll(hosts);
    if (more === undefined) break;
    leaves.push(...more);
  }
  return { concurrency, leave };
}

/**
 * One for each request that a blob on its way takes, in the order in which they are entered. What is served on the
 * loopback address has the places of who it reads from.
 */
export function placesOf({ from, to }: Copy): Places[] {
  const source = 'client' in from ? from.client.places : 'server' in from ? from.places : undefined;
  return [source ?? [], to.client.places].flat().toSorted((one, other) => one.turn - other.turn);
}

/** All or none. */
function tryAll(hosts: readonly Places[]): (() => void)[] | undefined {
  const leaves: (() => void)[] = [];
  for (const places of hosts) {
    const leave = places.tryEnter();
    if (leave === undefined) {
      for (const one of leaves) one();
      return undefined;
    }
    leaves.push(leave);
  }
  return leaves;
}
