import { childAt, type MapNode, type Node, textAt } from './node.ts';

/** What Kubernetes takes as an object: it has a kind, and more than a reference to another object has. */
export function isObject(node: Node): node is MapNode {
  if (node.kind !== 'map') return false;
  const { entries } = node;
  return (
    textAt(node, 'apiVersion') !== undefined &&
    textAt(node, 'kind') !== undefined &&
    ['metadata', 'spec', 'items', 'data', 'template', 'objects'].some((key) => entries.has(key))
  );
}

/** `Deployment default/web`; without the namespace where none is written. */
export function objectName(object: Node): string {
  const metadata = childAt(object, 'metadata');
  const name = textAt(metadata, 'name') ?? textAt(metadata, 'generateName');
  const namespace = textAt(metadata, 'namespace');
  const kind = textAt(object, 'kind') ?? '';
  if (name === undefined) return kind;
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Kubernetes' own kinds whose pods run images; what stands there must be one. */
export function isWorkload(object: Node): boolean {
  const [apiVersion = '', kind = ''] = [textAt(object, 'apiVersion'), textAt(object, 'kind')];
  return (
    workloads[apiVersion.replace(/\/?v\d+(?:(?:alpha|beta)\d+)?$/, '')]?.includes(kind) === true
  );
}

const workloads: Readonly<Record<string, readonly string[]>> = {
  '': ['Pod', 'PodTemplate', 'ReplicationController'],
  apps: ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  extensions: ['Deployment', 'DaemonSet', 'ReplicaSet'],
  batch: ['Job', 'CronJob'],
};

/** Whether it is of a kind of that group, whatever its version; of the core group for an empty one. */
export function isKind(object: Node, group: string, kind: string): boolean {
  const apiVersion = textAt(object, 'apiVersion') ?? '';
  const found = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return found === group && textAt(object, 'kind') === kind;
}

/** What has happened names images that were pulled then. */
export function isEvent(object: Node): boolean {
  return isKind(object, '', 'Event') || isKind(object, 'events.k8s.io', 'Event');
}
