import { readFile } from 'node:fs/promises';
import { unreadable } from '../inputs/files.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { defaultChartPath } from '../install/assets.ts';
import { type Chart, readChart } from '../install/chart.ts';
import { makeDocument } from '../oci/graph.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import type { Registries } from '../registry/client.ts';
import { readBlob } from '../registry/read-blob.ts';
import { AirgapError } from '../report/error.ts';

const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

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
    ? await pullChart(chart, registries)
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

async function pullChart(name: string, registries: Registries): Promise<Buffer> {
  const reference = chartReference(name);
  const { client, repository } = registries.source(reference);
  const found = await client.getManifest(repository, reference.digest ?? reference.tag ?? '');
  if (!found)
    throw new AirgapError('usage', 'imageSwap.chart is not in its registry', { given: name });
  const { manifest } = makeDocument(found.descriptor, found.bytes);
  const layer =
    manifest.kind === 'manifest' && manifest.layers.find((one) => one.mediaType === chartLayer);
  if (layer) return readBlob(client, repository, layer);
  throw new AirgapError('usage', 'imageSwap.chart is no helm chart', {
    given: name,
    expected: `a manifest with a layer of type ${chartLayer}, as \`helm push\` makes it`,
  });
}

function chartReference(name: string): Reference {
  const text = name.slice('oci://'.length);
  if (/[:@][^/]+$/.test(text)) {
    try {
      return parseReference(text);
    } catch (cause) {
      throw notAReference(name, cause);
    }
  }
  throw notAReference(name);
}

function notAReference(name: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', 'imageSwap.chart names no version', {
    given: name,
    expected: 'oci://host/path/image-swap:1.5.3',
    cause,
  });
}
