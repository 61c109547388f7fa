import type { TargetSpec } from '../inputs/spec.ts';
import type { OwnImages, Spelling } from './chart.ts';
import { toYaml, type YamlValue } from './yaml.ts';

/** What of `TargetSpec` is told to the cluster: the registry section, and the map as the user wrote it. */
export type SiteTarget = Omit<TargetSpec, 'mirrorMap'>;

export interface ValuesInput {
  readonly target: SiteTarget;
  readonly spelling: Spelling;
  /** Full references in the target, where image-swap's own images were mirrored. */
  readonly ownImages?: OwnImages;
  readonly isEKSCluster?: boolean;
}

/**
 * `values.yaml` for the image-swap chart, in the spelling that the chart has (domain.md, 1). `username` and
 * `password` are empty: the installer gives them to helm by file, on site.
 */
export function valuesYaml(input: ValuesInput): Buffer {
  const ociImageRegistry = registrySection(input.target);
  const config = configSection(input);
  return toYaml(
    input.spelling === 'nested'
      ? { config: { ociImageRegistry, ...config } }
      : { ociImageRegistry, ...(Object.keys(config).length > 0 ? { config } : {}) },
    'values.yaml',
  );
}

function registrySection(target: SiteTarget): YamlValue {
  return {
    endpoint: target.endpoint,
    name: target.name,
    username: '',
    password: '',
    baseContentPath: target.baseContentPath,
    insecureSkipVerify: target.insecureSkipVerify,
    caCert: target.caCert ?? '',
    mirrorRegistries: target.mirrorRegistries,
  };
}

function configSection({ ownImages, isEKSCluster }: ValuesInput): Record<string, YamlValue> {
  const images = {
    ...(ownImages?.init === undefined ? {} : { imageSwapInitImage: ownImages.init }),
    ...(ownImages?.image === undefined ? {} : { imageSwapImage: ownImages.image }),
  };
  return {
    ...(Object.keys(images).length > 0 ? { imageSwapImages: images } : {}),
    ...(isEKSCluster === undefined ? {} : { imageSwapConfig: { isEKSCluster } }),
  };
}
