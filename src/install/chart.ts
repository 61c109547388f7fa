import { load } from 'js-yaml';
import * as z from 'zod';
import { type Digest, digestOf } from '../oci/digest.ts';
import { AirgapError } from '../report/error.ts';
import { readChartArchive } from './chart-archive.ts';
import { checkReleaseSize } from './release.ts';

/** Where a chart wants the registry section: `ociImageRegistry:` at the top, or below `config:`. */
export type Spelling = 'bare' | 'nested';

/** The images that image-swap itself runs from; it cannot rewrite its own. */
export interface OwnImages {
  readonly init?: string;
  readonly image?: string;
}

/** A packaged image-swap chart that was looked through and may go into a bundle. */
export interface Chart {
  readonly name: string;
  readonly version: string;
  /** Of the `.tgz` bytes. */
  readonly digest: Digest;
  /** `NAME-VERSION.tgz`, as helm calls it, with `_` for the `+` that a path in the bundle cannot have. */
  readonly fileName: string;
  readonly bytes: Buffer;
  readonly spelling: Spelling;
  /** From `config.imageSwapImages` of the chart's values, where it names any. */
  readonly ownImages?: OwnImages;
  /** How its own pods get the cluster's pull credential, where they do. */
  readonly pullSecret?: PullSecret;
}

/**
 * `name`, as NAMESPACE/NAME: a Secret that the pods name, to be there or not; helm is given no credential.
 * `values`: the chart makes one of `config.imagePullSecret.dockerConfigJson`, and is given the credential.
 */
export type PullSecret = { readonly name: string } | 'values';

/**
 * Checks a packaged chart and reads what we need of it.
 * @param name how the user calls it, for the messages: a path or an `oci://` reference.
 * @throws AirgapError `usage` when it is no chart, or one that has no place for a registry or none in a cluster.
 */
export async function readChart(bytes: Buffer, name: string): Promise<Chart> {
  const { files } = await readChartArchive(bytes).catch((cause) => {
    throw new AirgapError('usage', `${name} cannot be used as a chart`, {
      given: cause instanceof Error ? cause.message : String(cause),
      expected: 'a chart archive as `helm package` makes it: one folder of plain files in a .tgz',
      cause,
    });
  });
  const about = readYaml(files, 'Chart.yaml', chartYaml, name);
  const values = readYaml(files, 'values.yaml', valuesYaml, name);
  const ownImages = ownImagesOf(values);
  const pullSecret = pullSecretOf(about, values);
  checkReleaseSize(files, name);
  return {
    name: about.name,
    version: about.version,
    digest: digestOf(bytes),
    fileName: `${about.name}-${about.version.replaceAll('+', '_')}.tgz`,
    bytes,
    spelling: spellingOf(values, name),
    ...(ownImages === undefined ? {} : { ownImages }),
    ...(pullSecret === undefined ? {} : { pullSecret }),
  };
}

// helm's own rule for the name, with a letter or digit first: it becomes a file name, of at most 99 characters.
const chartName = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const semanticVersion =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

const pullSecretAnnotation = 'airgap-bundle/pull-secret';
const namespacedName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

const chartYaml = z.looseObject({
  name: z.string().max(50).regex(chartName),
  version: z.string().max(38).regex(semanticVersion),
  annotations: z
    .looseObject({ [pullSecretAnnotation]: z.string().regex(namespacedName).optional() })
    .nullish(),
});

const valuesYaml = z.looseObject({
  ociImageRegistry: z.unknown().optional(),
  config: z
    .looseObject({
      ociImageRegistry: z.unknown().optional(),
      imageSwapImages: z
        .looseObject({
          imageSwapInitImage: z.unknown().optional(),
          imageSwapImage: z.unknown().optional(),
        })
        .nullish(),
      imagePullSecret: z.looseObject({ dockerConfigJson: z.unknown().optional() }).nullish(),
    })
    .nullish(),
});
type Values = z.infer<typeof valuesYaml>;

function readYaml<T>(
  files: ReadonlyMap<string, Buffer>,
  path: string,
  schema: z.ZodType<T>,
  chart: string,
): T {
  const bytes = files.get(path);
  if (bytes === undefined) {
    throw new AirgapError('usage', `${chart} has no ${path}`, {
      expected: 'a chart archive as `helm package` makes it',
      next: 'give the chart of image-swap as imageSwap.chart',
    });
  }
  try {
    return schema.parse(load(bytes.toString('utf8')) ?? {});
  } catch (cause) {
    throw new AirgapError('usage', `${path} of ${chart} is not what helm would take`, {
      given: cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause),
      next: 'correct it, and package the chart again: helm lint shows more',
      cause,
    });
  }
}

function spellingOf(values: Values, chart: string): Spelling {
  if (values.config?.ociImageRegistry !== undefined) return 'nested';
  if (values.ociImageRegistry !== undefined) return 'bare';
  throw new AirgapError('usage', `${chart} has no place for a registry in its values.yaml`, {
    expected: '`ociImageRegistry` or `config.ociImageRegistry`',
    next: 'set imageSwap.chart to the image-swap chart of your vendor',
  });
}

/** Only names are taken: a chart may put its images together from parts that we do not know. */
function ownImagesOf(values: Values): OwnImages | undefined {
  const named = values.config?.imageSwapImages;
  const init = nonEmpty(named?.imageSwapInitImage);
  const image = nonEmpty(named?.imageSwapImage);
  if (!init && !image) return undefined;
  return { ...(init ? { init } : {}), ...(image ? { image } : {}) };
}

function pullSecretOf(
  { annotations }: z.infer<typeof chartYaml>,
  { config }: Values,
): PullSecret | undefined {
  const name = annotations?.[pullSecretAnnotation];
  if (name !== undefined) return { name };
  return config?.imagePullSecret?.dockerConfigJson === undefined ? undefined : 'values';
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
