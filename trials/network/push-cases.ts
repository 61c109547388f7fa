import { checkEndState } from '../checks.ts';
import { type Kind, kinds } from '../registries.ts';
import type { Site, Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import type { Case, Size, Verdict } from '../trial.ts';

/** Of every trial of pushes. oras gives up only after some waits of its own, which are no stall. */
export const pushSites = new Sites({ env: { AIRGAP_BUNDLE_STALL_SECONDS: '30' } });
const pushing = ['mirror', 'load'] as const;

/** A fault that stays. */
export const always = Number.POSITIVE_INFINITY;

const kindsOf = (size: Size): readonly Kind[] => (size === 'full' ? kinds : ['distribution']);

/** Each of these in each verb that pushes. */
export function pushCases(
  size: Size,
  names: readonly string[],
  run: (site: Site, verb: Verb, name: string) => Promise<Verdict>,
): Case[] {
  return kindsOf(size).flatMap((kind) =>
    pushing.flatMap((verb) =>
      names.map((name) => ({
        name: `${verb}: ${name}, ${kind}`,
        run: async () => run(await pushSites.at(kind), verb, name),
      })),
    ),
  );
}

/** All images but the one are placed; that one is what it was. */
export async function othersDone(
  site: Site,
  verb: Verb,
  repository: string,
  is?: string,
): Promise<void> {
  const images = site.inventory.images.map((image) => ({
    ...image,
    ...(is !== undefined &&
      image.placements.some(({ reference }) => reference.includes(repository)) && { digest: is }),
  }));
  const wanted = images.filter(
    ({ placements }) =>
      is !== undefined || !placements.some(({ reference }) => reference.includes(repository)),
  );
  await checkEndState({ ...site, inventory: { ...site.inventory, images: wanted } }, verb);
}
