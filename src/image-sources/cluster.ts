import pMap from 'p-map';
import { isForbidden } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import type { ClusterSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';
import type { Event } from '../report/events.ts';
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
  found.push(...(await pMap(others, ask, { concurrency: 4, signal: context.signal })));
  for (const namespace of source.namespaces) {
    if (found.every((one) => one.namespace !== namespace || one.isEmpty)) {
      context.emit(nothingIn(namespace, source));
    }
  }
  return merged(found);
}

/** What is found of one resource. */
interface Asked extends Found {
  readonly namespace: string | undefined;
  /** There is none of it, and the login may see that. */
  readonly isEmpty: boolean;
}

/** An API server says of a namespace that is not there what it says of an empty one. */
function nothingIn(namespace: string, { field }: ClusterSource): Event {
  return {
    kind: 'warning',
    message: `namespace ${namespace} of ${field} has no workloads, or does not exist`,
    cure: 'correct its name: `kubectl get namespaces` lists them',
  };
}

/** @throws AirgapError unless it is only this resource that may not be read */
async function findIn(
  resource: string,
  namespace: string | undefined,
  source: ClusterSource,
  context: Context,
): Promise<Asked> {
  try {
    const list = nodeOf(await listObjects(resource, namespace, source, context));
    const name = source.context === undefined ? 'cluster' : `cluster ${source.context}`;
    const objects = itemsOf(childAt(list, 'items'));
    const living = objects.filter((object) => !isPast(object));
    const found = merged(living.map((object) => foundOf(findImages(object), name)));
    return { ...found, namespace, isEmpty: objects.length === 0 };
  } catch (error) {
    if (!(error instanceof AirgapError && isForbidden(error))) throw error;
    return { images: [], errors: [error], namespace, isEmpty: false };
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
