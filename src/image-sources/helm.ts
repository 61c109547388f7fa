import { execa } from 'execa';
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
  { env, signal }: Context,
): Promise<string> {
  const argv = [
    ...['template', release, path, '--include-crds'],
    ...source.values.flatMap((file) => ['--values', file]),
    ...(source.namespace === undefined ? [] : ['--namespace', source.namespace]),
    ...(source.kubeVersion === undefined ? [] : ['--kube-version', source.kubeVersion]),
    ...source.apiVersions.flatMap((version) => ['--api-versions', version]),
  ];
  const ended = await execa('helm', argv, {
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '' },
    extendEnv: false,
    stdin: 'ignore',
    cancelSignal: signal,
    reject: false,
    stripFinalNewline: false,
  });
  if (!ended.failed) return ended.stdout;
  signal.throwIfAborted();
  if (ended.exitCode === undefined) throw missing(ended.code);
  throw new AirgapError('usage', `${source.field}: helm cannot render ${source.name}`, {
    given: whatHelmSays(ended.stderr),
    next: `give what it asks for: {chart: ${source.name}, values: [FILE]}`,
  });
}

/** Its last error, without what it says to whoever writes charts. */
function whatHelmSays(text: string): string {
  const said = text
    .replace(/^[\s\S]*^Error: /m, '')
    .replace(/\n+Use --debug flag[\s\S]*$/, '')
    .replace(/^(?:level|time)=.*$/gm, '');
  return oneLine(said);
}

function missing(code: string | undefined): AirgapError {
  return new AirgapError('tool', 'helm was not found', {
    given: code === 'ENOENT' ? 'no helm on PATH' : (code ?? 'helm cannot be run'),
    expected: 'helm 3 or 4, to render the charts in images',
    next: 'install it: https://helm.sh/docs/intro/install/',
  });
}
