import pMap from 'p-map';
import { isForbidden } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import type { ClusterSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';
import { findImages } from './find-images.ts';
import { type Found, foundOf, merged } from './found.ts';
import { listObjects } from './kubectl.ts';
import { childAt, itemsOf, type Node, nodeOf, textAt } from './node.ts';

/** Pods, and what makes pods, be there one now or not. */
const resources = [
  'pods',
  ...['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'replicasets.apps'],
  ...['jobs.batch', 'cronjobs.batch', 'replicationcontrollers', 'podtemplates'],
];

/** The images that a cluster runs, or would run. Only reads. */
export async function findInCluster(source: ClusterSource, context: Context): Promise<Found> {
  const namespaces = source.namespaces.length > 0 ? source.namespaces : [undefined];
  const asked = namespaces.flatMap((namespace) =>
    resources.map((resource) => ({ resource, namespace })),
  );
  const [first, ...others] = asked;
  const ask = ({ resource, namespace }: NonNullable<typeof first>) =>
    findIn(resource, namespace, source, context);
  // A cluster that does not answer is told of once.
  const found = first ? [await ask(first)] : [];
  return merged([
    ...found,
    ...(await pMap(others, ask, { concurrency: 4, signal: context.signal })),
  ]);
}

/** @throws AirgapError unless it is only this resource that may not be read */
async function findIn(
  resource: string,
  namespace: string | undefined,
  source: ClusterSource,
  context: Context,
): Promise<Found> {
  try {
    const list = nodeOf(await listObjects(resource, namespace, source, context));
    const name = source.context === undefined ? 'cluster' : `cluster ${source.context}`;
    const living = itemsOf(childAt(list, 'items')).filter((object) => !isPast(object));
    return merged(living.map((object) => foundOf(findImages(object), name)));
  } catch (error) {
    if (!(error instanceof AirgapError && isForbidden(error))) throw error;
    return { images: [], errors: [error] };
  }
}

/** An older revision of a Deployment, or a run of a CronJob that is over: their owners say what comes next. */
function isPast(object: Node): boolean {
  const owners = itemsOf(childAt(object, 'metadata', 'ownerReferences'));
  const isOwned = (kind: string) => owners.some((owner) => textAt(owner, 'kind') === kind);
  const kind = textAt(object, 'kind');
  if (kind === 'ReplicaSet') {
    return isOwned('Deployment') && textAt(childAt(object, 'spec'), 'replicas') === '0';
  }
  const isOver = textAt(childAt(object, 'status'), 'completionTime') !== undefined;
  return kind === 'Job' && isOwned('CronJob') && isOver;
}
