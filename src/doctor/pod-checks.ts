import pMap from 'p-map';
import type { ClusterTools } from '../cluster/tools.ts';
import { referenceIn } from '../oci/reference.ts';
import type { Inventory } from '../plan/inventory.ts';
import { type Pulled, pulledFrom } from '../plan/pulled-as.ts';
import type { RegistryClient } from '../registry/client.ts';
import { count } from '../report/units.ts';
import { type Check, check, type Finding, failure, ok, skipAll, warning } from './check.ts';
import { listPodImages, type PodImage } from './pods.ts';

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
  readonly where: Pulled['where'] | 'elsewhere' | 'unasked';
  /** What would be asked for. */
  readonly asked: string;
}

function judge(
  images: readonly PodImage[],
  inventory: Inventory,
  target: RegistryClient | undefined,
): Promise<Judged[]> {
  const pulled = pulledFrom(inventory);
  return pMap(
    images,
    async (image) => {
      const { where, asked } = pulled(image.image);
      if (where !== 'nowhere') return { image, where, asked };
      if (target === undefined) return { image, where: 'unasked', asked };
      return { image, where: (await isInRegistry(asked, target)) ? 'elsewhere' : 'nowhere', asked };
    },
    { concurrency: 16 },
  );
}

async function isInRegistry(asked: string, target: RegistryClient): Promise<boolean> {
  const reference = referenceIn(asked);
  if (reference === undefined || reference.registry !== target.host) return false;
  const { repository, digest, tag = '' } = reference;
  return (await target.headManifest(repository, digest ?? tag)) !== undefined;
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
