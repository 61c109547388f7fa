import type { ClusterTools } from '../cluster/tools.ts';

/** An image that pods run, as their specs name it. */
export interface PodImage {
  readonly image: string;
  /** `namespace/name` of each, at least one. */
  readonly pods: ReadonlySet<string>;
}

/** Of whole pods kubectl would print a hundred times as much. An image may have any character in it. */
const template = ['containers', 'initContainers', 'ephemeralContainers']
  .map((list) => `{{range .spec.${list}}}{{$pod}} {{urlquery .image}}{{"\\n"}}{{end}}`)
  .join('');

/**
 * The images of all pods that have not ended, each once, in the order of their names.
 * @throws AirgapError tool, cluster
 */
export async function listPodImages(cluster: ClusterTools): Promise<PodImage[]> {
  const name = '{{$pod := printf "%s/%s" .metadata.namespace .metadata.name}}';
  const lines = await cluster.kubectl(
    'get',
    'pods',
    '--all-namespaces',
    '--field-selector=status.phase!=Succeeded,status.phase!=Failed',
    `--output=go-template={{range .items}}${name}${template}{{end}}`,
  );
  const found = new Map<string, Set<string>>();
  for (const line of lines.split('\n').filter(Boolean)) {
    const [pod = '', written = ''] = line.split(' ');
    const image = decodeURIComponent(written.replaceAll('+', ' '));
    found.set(image, (found.get(image) ?? new Set()).add(pod));
  }
  const images = [...found].map(([image, pods]) => ({ image, pods }));
  return images.sort((a, b) => (a.image < b.image ? -1 : 1));
}
