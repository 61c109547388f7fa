import { ClusterTools } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import type { ChartSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';
import { oneLine } from '../report/safe.ts';

/** What is rendered: a chart's folder or archive, and the name of the release. */
export interface Rendering {
  readonly path: string;
  readonly release: string;
}

/**
 * What helm makes of a chart, hooks, tests and definitions among it; no cluster is asked.
 * @throws AirgapError tool without helm, usage for what helm says of the chart or its values
 */
export async function renderChart(
  { path, release }: Rendering,
  source: ChartSource,
  context: Context,
): Promise<string> {
  const argv = [
    ...['template', release, path, '--include-crds'],
    ...source.values.map((file) => `--values=${file}`),
    ...(source.namespace === undefined ? [] : [`--namespace=${source.namespace}`]),
    ...(source.kubeVersion === undefined ? [] : [`--kube-version=${source.kubeVersion}`]),
    ...source.apiVersions.map((version) => `--api-versions=${version}`),
  ];
  try {
    return await new ClusterTools({}, context).helm(...argv);
  } catch (error) {
    if (!(error instanceof AirgapError && error.class === 'cluster')) throw error;
    const given = whatHelmSays(error.given ?? '');
    throw new AirgapError('usage', `${source.field}: helm cannot render ${source.name}`, {
      given,
      next: lacksCharts.test(given) ? fetchCharts(source) : giveValues(source),
    });
  }
}

const lacksCharts = /missing in charts\/ directory/;

function fetchCharts({ name, path }: ChartSource): string {
  const isArchive = path.startsWith('oci://') || path.endsWith('.tgz');
  return isArchive
    ? 'unpack it, run `helm dependency build` on its folder, and name the folder'
    : `helm dependency build ${name}`;
}

function giveValues({ name }: ChartSource): string {
  return `give what it asks for: {chart: ${name}, values: [FILE]}`;
}

/** Its last error, without what it says to whoever writes charts. */
function whatHelmSays(text: string): string {
  const said = text
    .replace(/^[\s\S]*^Error: /m, '')
    .replace(/\n+Use --debug flag[\s\S]*$/, '')
    .replace(/^(?:level|time)=.*$/gm, '');
  return oneLine(said);
}
