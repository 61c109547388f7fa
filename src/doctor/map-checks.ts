import type { ClusterTools } from '../cluster/tools.ts';
import type { MapEntry, MirrorMap } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { printEntries } from '../mirror-map/print.ts';
import { type WebhookAnswer, webhookImage } from '../mirror-map/webhook.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { count } from '../report/units.ts';
import { type Check, check, type Finding, failure, ok, skipAll } from './check.ts';
import type { ReleaseObject } from './release.ts';

export const mapNames = ['webhook-map', 'webhook-target'] as const;

/** The key under which image-swap's ConfigMap has its map. */
const mapKey = 'maps';

/**
 * `webhook-map`: the webhook's map is the bundle's. `webhook-target`: by it, what is in the target already stays as it
 * is, so that a rewritten pod is not rewritten again.
 */
export async function mapChecks(
  cluster: ClusterTools,
  objects: readonly ReleaseObject[],
  inventory: Inventory,
): Promise<Check[]> {
  const home = objects.find(({ kind, data }) => kind === 'ConfigMap' && data && mapKey in data);
  if (home === undefined) return skipAll(mapNames, 'the chart has no ConfigMap with a map');
  const { name, namespace = '' } = home.metadata;
  const where = `the ConfigMap ${name} in ${namespace}`;
  let map: MirrorMap | undefined;
  const compared = await check('webhook-map', async () => {
    const found = await cluster.get<{ data?: Record<string, string> }>(
      'configmap',
      name,
      namespace,
    );
    const text = found?.data?.[mapKey];
    if (text === undefined) throw missing(where);
    map = parseMirrorMap(text);
    const wanted = parseMirrorMap(inventory.target.mirrorMap);
    return compare(map, wanted, where) ?? compareImages(map, wanted, inventory, where);
  });
  if (map === undefined) return [compared, ...skipAll(['webhook-target'], `${where} was not read`)];
  const read = map;
  return [compared, await check('webhook-target', () => lookForLoops(read, inventory))];
}

const cure =
  'sh install.sh BUNDLE --key PUB --only chart; then kubectl rollout restart deployment imageswap --namespace imageswap-system';

function missing(where: string): AirgapError {
  return new AirgapError('cluster', `${where} has no key ${mapKey}`, { next: cure });
}

/** What is excluded is the other check's. Only of `[REPLACE]` does the order mean something. */
function compare(found: MirrorMap, wanted: MirrorMap, where: string): Finding | undefined {
  const [have, want] = [rules(found), rules(wanted)];
  if (have.join('\n') === want.join('\n')) return undefined;
  const lines = [
    ...want.filter((rule) => !have.includes(rule)).map((rule) => `missing: ${rule}`),
    ...have.filter((rule) => !want.includes(rule)).map((rule) => `not of the bundle: ${rule}`),
  ];
  const what = lines.length > 0 ? lines : ['its [REPLACE] entries are in another order'];
  return failure([`the map in ${where} is not the bundle's`, ...what].join('\n'), cure);
}

/** Of what is excluded from swapping only this counts: that no image of the bundle is. */
function compareImages(
  found: MirrorMap,
  wanted: MirrorMap,
  { images }: Inventory,
  where: string,
): Finding {
  const others = images.flatMap(({ source }) => {
    const [is, should] = [found, wanted].map((map) => said(webhookImage(map, source)));
    return is === should ? [] : [`${source} becomes ${is}, and by the bundle ${should}`];
  });
  if (others.length === 0)
    return ok(`${count(rules(wanted).length, 'rule')} in ${where}, as in the bundle`);
  return failure(
    [`by the map in ${where} images are swapped otherwise`, ...others].join('\n'),
    cure,
  );
}

const said = (answer: WebhookAnswer) => ('error' in answer ? answer.error : answer.image);

function rules({ entries }: MirrorMap): string[] {
  const last = new Map<string, MapEntry>();
  for (const entry of entries) last.set(`${entry.kind} ${entry.key}`, entry);
  const kept = [...last.values()].filter(({ kind }) => kind !== 'noswap');
  const inOrder = kept.filter(({ kind }) => kind === 'replace');
  const others = kept.filter(({ kind }) => kind !== 'replace');
  return [...inOrder.map(print), ...others.map(print).sort()];
}

const print = (entry: MapEntry) => printEntries([entry]);

function lookForLoops(map: MirrorMap, { images, target }: Inventory): Finding {
  const references = images.flatMap(({ placements }) =>
    placements.map(({ reference }) => reference),
  );
  const loops = references.flatMap((reference) => {
    const answer = webhookImage(map, reference);
    if ('error' in answer) return [`${reference} is refused (${answer.error})`];
    return answer.image === reference ? [] : [`${reference} becomes ${answer.image}`];
  });
  if (loops.length === 0) return ok(`${references.length} placements stay as they are`);
  return failure(
    [`the webhook rewrites what is in ${target.endpoint} already`, ...loops].join('\n'),
    cure,
  );
}
