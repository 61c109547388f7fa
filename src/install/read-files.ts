import { load } from 'js-yaml';
import * as z from 'zod';
import type { TargetSpec } from '../inputs/spec.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { AirgapError } from '../report/error.ts';
import { type Chart, type OwnImages, readChart } from './chart.ts';
import { type InstallFile, type InstallInput, installFiles } from './files.ts';

/** What the files of a bundle were made of, beside its inventory. */
export interface InstalledWith {
  readonly target: TargetSpec;
  /** Absent in a non-airgap bundle. */
  readonly chart?: Chart;
  readonly ownImages?: OwnImages;
  readonly isEKSCluster?: boolean;
}

const secretFile = 'registry-secret.yaml';
const valuesFile = 'values.yaml';

/** Those that name the target: all that another target changes. */
const ofTarget =
  /^(?:images\.tsv|base\.tsv|settings\.tsv|registry-secret\.yaml|values\.yaml|nodes\/.*)$/;

/** The files of `installFiles` that say where images, Secret and chart go, in their order. */
export function targetFiles(input: Omit<InstallInput, 'script'>): InstallFile[] {
  const all = installFiles({ ...input, script: Buffer.alloc(0) });
  return all.filter(({ path }) => ofTarget.test(path));
}

/**
 * Reads back what `installFiles` was given.
 * @param paths every file of the bundle
 * @param read the bytes of one
 * @throws AirgapError integrity for files that this version of the tool does not write
 */
export async function readInstallFiles(
  paths: readonly string[],
  read: (path: string) => Promise<Buffer>,
): Promise<InstalledWith> {
  const yaml = async <T>(path: string, schema: z.ZodType<T>) =>
    parse(path, schema, await read(path));
  const { stringData } = await yaml(secretFile, secretForm);
  const chartPath = paths.find((path) => /^chart\/.*\.tgz$/.test(path));
  if (chartPath === undefined) return { target: targetOf(stringData, '') };
  const values = await yaml(valuesFile, valuesForm);
  const section = values.ociImageRegistry ?? values.config?.ociImageRegistry;
  const { imageSwapImages: own, imageSwapConfig } = values.config ?? {};
  return {
    target: targetOf(stringData, section?.name ?? ''),
    chart: await readChart(await read(chartPath), chartPath),
    ownImages: {
      ...(own?.imageSwapInitImage ? { init: own.imageSwapInitImage } : {}),
      ...(own?.imageSwapImage ? { image: own.imageSwapImage } : {}),
    },
    ...(imageSwapConfig ? { isEKSCluster: imageSwapConfig.isEKSCluster } : {}),
  };
}

const secretForm = z.looseObject({
  stringData: z.looseObject({
    DOMAIN: z.string(),
    BASE_PATH: z.string(),
    INSECURE: z.enum(['true', 'false']),
    CA_CERT: z.string(),
    MIRROR_REGISTRIES: z.string(),
  }),
});

const registryForm = z.looseObject({ name: z.string() });
const valuesForm = z.looseObject({
  ociImageRegistry: registryForm.optional(),
  config: z
    .looseObject({
      ociImageRegistry: registryForm.optional(),
      imageSwapImages: z
        .looseObject({
          imageSwapInitImage: z.string().optional(),
          imageSwapImage: z.string().optional(),
        })
        .optional(),
      imageSwapConfig: z.looseObject({ isEKSCluster: z.boolean() }).optional(),
    })
    .optional(),
});

function parse<T>(path: string, schema: z.ZodType<T>, bytes: Buffer): T {
  try {
    return schema.parse(load(bytes.toString()));
  } catch (cause) {
    throw new AirgapError('integrity', `${path} of the bundle is of another form than is known`, {
      given: cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause),
      next: 'use the bundle.js that came with the bundle',
      cause,
    });
  }
}

function targetOf(secret: z.infer<typeof secretForm>['stringData'], name: string): TargetSpec {
  return {
    endpoint: secret.DOMAIN,
    name,
    baseContentPath: secret.BASE_PATH,
    insecureSkipVerify: secret.INSECURE === 'true',
    ...(secret.CA_CERT === '' ? {} : { caCert: secret.CA_CERT }),
    mirrorRegistries: secret.MIRROR_REGISTRIES,
    mirrorMap: parseMirrorMap(secret.MIRROR_REGISTRIES),
  };
}
