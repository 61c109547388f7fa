import { referenceIn } from '../oci/reference.ts';
import type { MapNode } from './node.ts';
import { looksLikeImage } from './shape.ts';

/** What the value of a field named `image` is. */
export type Judgement = 'named' | 'suspected' | 'none';

/** Where the field stands. */
export interface Surroundings {
  /** A container, or what has the fields of one. */
  readonly isContainer: boolean;
  /** A workload of Kubernetes itself, where nothing but an image can stand. */
  readonly isWorkload: boolean;
  /** Some configuration that is no object of Kubernetes. */
  readonly isConfiguration: boolean;
}

/** A workload's image counts as named even where no grammar accepts it, so that it can be told. */
export function judgeImage(value: string, where: Surroundings): Judgement {
  if (value.trim() === '' || value === injected) return 'none';
  if (where.isContainer && where.isWorkload) return 'named';
  if (!/^[a-z0-9]/i.test(value) || referenceIn(value) === undefined) return 'none';
  if (where.isContainer) return 'named';
  if (looksLikeImage(value, true)) return where.isConfiguration ? 'suspected' : 'named';
  return where.isConfiguration || !isShort(value) ? 'none' : 'suspected';
}

/** What Istio's injector puts its own image in the place of. */
const injected = 'auto';

/** `nginx`, `grafana/agent`: an image on Docker Hub without a tag; what is longer is a path of something else. */
function isShort(value: string): boolean {
  return !value.includes(':') && !/\.[a-z]+(?:$|\/)/.test(value) && value.split('/').length <= 2;
}

/**
 * Whether a mapping stands where containers do, or has what a container has besides its image.
 * @param isConfiguration of which nobody knows what its fields mean
 */
export function isContainer(
  { entries }: MapNode,
  listOrKey: string,
  isConfiguration: boolean,
): boolean {
  if (containerKeys.test(listOrKey)) return true;
  return !isConfiguration && containerFields.some((field) => entries.has(field));
}

const containerKeys = /containers?$|^(?:script|sidecars?|steps?|stepTemplate)$/i;
const containerFields = [
  ...['imagePullPolicy', 'command', 'args', 'env', 'envFrom', 'ports', 'resources'],
  ...['volumeMounts', 'securityContext', 'livenessProbe', 'workingDir'],
];
