import { makeDocument } from '../oci/graph.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import { AirgapError } from '../report/error.ts';
import type { Registries } from './client.ts';
import { readBlob } from './read-blob.ts';

const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

/**
 * The archive of a chart that lies in a registry.
 * @param name `oci://host/path:version`
 * @param field of bundle.yaml, for messages
 * @throws AirgapError usage for a name without a version, nothing there, or no chart
 */
export async function pullChart(
  name: string,
  field: string,
  registries: Registries,
): Promise<Buffer> {
  const reference = chartReference(name, field);
  const { client, repository } = registries.source(reference);
  const found = await client.getManifest(repository, reference.digest ?? reference.tag ?? '');
  if (!found) {
    throw new AirgapError('usage', `${field} is not in its registry`, {
      given: name,
      next: 'correct name and version, or push the chart: helm push',
    });
  }
  const { manifest } = makeDocument(found.descriptor, found.bytes);
  const layer =
    manifest.kind === 'manifest' && manifest.layers.find((one) => one.mediaType === chartLayer);
  if (layer) return readBlob(client, repository, layer);
  throw new AirgapError('usage', `${field} is no helm chart`, {
    given: name,
    expected: `a manifest with a layer of type ${chartLayer}, as \`helm push\` makes it`,
  });
}

function chartReference(name: string, field: string): Reference {
  const text = name.slice('oci://'.length);
  if (/[:@][^/]+$/.test(text)) {
    try {
      return parseReference(text);
    } catch (cause) {
      throw notAReference(name, field, cause);
    }
  }
  throw notAReference(name, field);
}

function notAReference(name: string, field: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', `${field} names no version`, {
    given: name,
    expected: 'oci://host/path/NAME:VERSION',
    cause,
  });
}
