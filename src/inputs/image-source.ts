import { resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import { defined } from './defined.ts';
import type { ImageItem } from './image-item.ts';

/** Where images are found, as an item of `images:` says it. */
export type ImageSource =
  | ManifestSource
  | ChartSource
  | ClusterSource
  | ContainerdSource
  | FileSource;

interface Source {
  /** Of bundle.yaml: `images[2].manifests`. */
  readonly field: string;
  /** Whether what was found by its shape alone is taken too. */
  readonly takesSuspected: boolean;
}

interface PathSource extends Source {
  /** Absolute. */
  readonly path: string;
  /** As written. */
  readonly name: string;
}

/** Manifests: a file, a folder, or `-` for standard input. */
export interface ManifestSource extends PathSource {
  readonly kind: 'manifests';
}

/** A Helm chart and what it is rendered with. */
export interface ChartSource extends PathSource {
  /** `path` is absolute, or an `oci://` reference. */
  readonly kind: 'chart';
  readonly version?: string;
  /** Absolute paths. */
  readonly values: readonly string[];
  readonly namespace?: string;
  readonly kubeVersion?: string;
  readonly apiVersions: readonly string[];
}

/** A cluster that is asked through kubectl. */
export interface ClusterSource extends Source {
  readonly kind: 'cluster';
  /** Absent: the current one. */
  readonly context?: string;
  /** Absolute path; absent: as kubectl finds it. */
  readonly kubeconfig?: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
}

/** The configuration of a node's containerd. */
export interface ContainerdSource extends PathSource {
  readonly kind: 'containerd';
}

/** Another tool's file. */
export interface FileSource extends PathSource {
  readonly kind: 'compose' | 'hauler' | 'imagesLock' | 'zarf';
}

/**
 * A checked item with absolute paths.
 * @param place of the item: `images[2]`
 * @throws AirgapError usage for what lies on a web server
 */
export function readImageSource(item: ImageItem, place: string, folder: string): ImageSource {
  const at = (kind: string) => ({
    field: `${place}.${kind}`,
    takesSuspected: item.suspected === true,
  });
  const file = (kind: string, written: string) => {
    if (/^https?:\/\//i.test(written)) throw onTheWeb(`${place}.${kind}`, written);
    const path = isNoPath(written) ? written : resolve(folder, written);
    return { ...at(kind), name: written, path };
  };
  if ('manifests' in item) return { kind: 'manifests', ...file('manifests', item.manifests) };
  if ('cluster' in item) {
    const { context, kubeconfig: path, namespaces } = item.cluster;
    const kubeconfig = path === undefined ? undefined : resolve(folder, path);
    return { kind: 'cluster', ...at('cluster'), ...defined({ context, kubeconfig }), namespaces };
  }
  if ('containerd' in item) return { kind: 'containerd', ...file('containerd', item.containerd) };
  if ('compose' in item) return { kind: 'compose', ...file('compose', item.compose) };
  if ('hauler' in item) return { kind: 'hauler', ...file('hauler', item.hauler) };
  if ('imagesLock' in item) return { kind: 'imagesLock', ...file('imagesLock', item.imagesLock) };
  if ('zarf' in item) return { kind: 'zarf', ...file('zarf', item.zarf) };
  const { version, namespace, kubeVersion, apiVersions } = item;
  return {
    kind: 'chart',
    ...file('chart', item.chart),
    ...defined({ version, namespace, kubeVersion }),
    values: item.values.map((path) => resolve(folder, path)),
    apiVersions,
  };
}

function isNoPath(written: string): boolean {
  return written === '-' || written.startsWith('oci://');
}

/** A link may carry a login. */
function onTheWeb(field: string, url: string): AirgapError {
  const isChart = field.endsWith('.chart');
  return new AirgapError('usage', `${field}: https is not supported`, {
    given: url.replace(/[?#].*$/, '').replace(/\/\/[^/]*@/, '//'),
    next: `download it and give the path${isChart ? ', or give oci://host/path/NAME:VERSION' : ''}`,
  });
}
