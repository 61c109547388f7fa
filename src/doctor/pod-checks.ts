import pMap from 'p-map';
import { containerdReferences } from '../mirror-map/containerd.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { webhookImage } from '../mirror-map/webhook.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';
import type { Inventory } from '../plan/inventory.ts';
import { splitPlacement } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';
import { count } from '../report/units.ts';
import { type Check, check, type Finding, failure, ok, skipAll, warning } from './check.ts';
import { listPodImages, type PodImage } from './pods.ts';
import type { ClusterTools } from './tools.ts';

export const podNames = ['pods', 'unmapped-images'] as const;

/**
 * `pods`: where each pod that runs would be pulled from, were it started again, has its image. `unmapped-images`: what
 * pods run that no rule of the map covers, and that so comes from where it always came from.
 * @param target asked for what is not in the bundle; undefined where the registry cannot be asked
 */
export async function podChecks(
  cluster: ClusterTools,
  inventory: Inventory,
  target: RegistryClient | undefined,
): Promise<Check[]> {
  let judged: readonly Judged[] | undefined;
  const pods = await check('pods', async () => {
    const images = await listPodImages(cluster);
    judged = await judge(images, inventory, target);
    return podsFinding(judged);
  });
  if (judged === undefined)
    return [pods, ...skipAll(['unmapped-images'], 'the pods were not read')];
  return [pods, { check: 'unmapped-images', ...unmappedFinding(judged) }];
}

interface Judged {
  readonly image: PodImage;
  /** `elsewhere`: another bundle or hand has put it into the registry. `unasked`: nobody could look there. */
  readonly where: 'bundle' | 'elsewhere' | 'nowhere' | 'unasked' | 'unmapped';
  /** What would be asked for. */
  readonly asked: string;
}

function judge(
  images: readonly PodImage[],
  inventory: Inventory,
  target: RegistryClient | undefined,
): Promise<Judged[]> {
  const map = parseMirrorMap(inventory.target.mirrorMap);
  const isPlaced = placementFinder(inventory);
  const where = async (asked: string | undefined): Promise<Judged['where']> => {
    if (asked === undefined) return 'unmapped';
    if (isPlaced(asked)) return 'bundle';
    if (target === undefined) return 'unasked';
    return (await isInRegistry(asked, target)) ? 'elsewhere' : 'nowhere';
  };
  return pMap(
    images,
    async (image) => {
      const asked = askedFor(image.image, map, inventory);
      return { image, where: await where(asked), asked: asked ?? '' };
    },
    { concurrency: 16 },
  );
}

/** What a pod's image is pulled as; undefined where no rule covers it. What the webhook fails on is asked for nowhere. */
function askedFor(image: string, map: MirrorMap, { target }: Inventory): string | undefined {
  if (image.startsWith(`${target.endpoint}/`)) return image;
  if (target.environment === 'airgap') {
    const answer = webhookImage(map, image);
    if ('error' in answer) return `nothing: the webhook fails on it (${answer.error})`;
    if (answer.swapped) return answer.image;
  }
  return containerdReferences(map, image)[0];
}

function placementFinder({ images }: Inventory): (asked: string) => boolean {
  const known = new Set<string>();
  for (const { digest, placements } of images) {
    for (const { reference } of placements) {
      known.add(reference);
      known.add(`${splitPlacement(reference).repository}@${digest}`);
    }
  }
  return (asked) => {
    const reference = parsed(asked);
    return reference !== undefined && known.has(nameOf(reference));
  };
}

/** Of tag and digest the digest counts. */
function nameOf({ registry, repository, tag, digest }: Reference): string {
  return formatReference({ registry, repository, ...(digest ? { digest } : { tag: tag ?? '' }) });
}

async function isInRegistry(asked: string, target: RegistryClient): Promise<boolean> {
  const reference = parsed(asked);
  if (reference === undefined || reference.registry !== target.host) return false;
  const { repository, digest, tag = '' } = reference;
  return (await target.headManifest(repository, digest ?? tag)) !== undefined;
}

function parsed(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

function podsFinding(judged: readonly Judged[]): Finding {
  const of = (where: Judged['where']) => judged.filter((one) => one.where === where).map(line);
  const under = (title: string, lines: readonly string[]) =>
    lines.length > 0 ? [title, ...lines] : [];
  const nowhere = under('neither in the bundle nor in the registry:', of('nowhere'));
  const others = [
    ...under('in the registry, but not of this bundle:', of('elsewhere')),
    ...under('not in the bundle, and the registry was not asked:', of('unasked')),
  ];
  const evidence = [
    `${count(of('bundle').length, 'image')} of pods in the bundle`,
    ...nowhere,
    ...others,
  ];
  const next = 'add these images to bundle.yaml, and make and load the next bundle';
  if (nowhere.length > 0) return failure(evidence.join('\n'), next);
  if (others.length === 0) return ok(evidence.join('\n'));
  return warning(
    evidence.join('\n'),
    `${next}; or see that whoever put them there keeps them there`,
  );
}

function unmappedFinding(judged: readonly Judged[]): Finding {
  const unmapped = judged.filter(({ where }) => where === 'unmapped');
  if (unmapped.length === 0) return ok('a rule of the map covers every image of the pods');
  return warning(
    ['no rule of the map covers:', ...unmapped.map(line)].join('\n'),
    'behind the gap they must be on the nodes already; or give their registry an entry in mirrorRegistries',
  );
}

function line({ image: { image, pods }, asked }: Judged): string {
  const [first = ''] = pods;
  const who = pods.size === 1 ? first : `${first} and ${pods.size - 1} more`;
  const as = asked === '' || asked === image ? '' : `, asked for as ${shown(asked)}`;
  return `  ${shown(image)} (${who})${as}`;
}

/** The API server takes any text for an image, line breaks too. */
const shown = (image: string) => (/^[!-~]*$/.test(image) ? image : JSON.stringify(image));
