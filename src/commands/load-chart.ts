import { readFile } from 'node:fs/promises';
import { unreadable } from '../inputs/files.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { defaultChartPath } from '../install/assets.ts';
import { type Chart, readChart } from '../install/chart.ts';
import type { Registries } from '../registry/client.ts';
import { pullChart } from '../registry/pull-chart.ts';

/**
 * The image-swap chart that the spec names, from its file or its OCI registry; our own where one is installed and none
 * is named.
 */
export async function loadChart(
  spec: BundleSpec,
  registries: Registries,
): Promise<Chart | undefined> {
  const { chart } = spec.imageSwap;
  if (chart === undefined) return takesOurChart(spec) ? ourChart() : undefined;
  const bytes = chart.startsWith('oci://')
    ? await pullChart(chart, 'imageSwap.chart', registries)
    : await readFile(chart).catch((cause: unknown) => {
        throw unreadable(chart, 'imageSwap.chart', cause);
      });
  return readChart(bytes, chart);
}

/** Whether bundle.yaml leaves the chart to us, and one is installed. */
export function takesOurChart({ environment, imageSwap }: BundleSpec): boolean {
  return imageSwap.chart === undefined && environment === 'airgap';
}

async function ourChart(): Promise<Chart> {
  const path = defaultChartPath();
  return readChart(await readFile(path), path);
}
