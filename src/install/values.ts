import type { TargetSpec } from '../inputs/spec.ts';
import type { OwnImages, PullSecret, Spelling } from './chart.ts';
import { toYaml, type YamlValue } from './yaml.ts';

/** What of `TargetSpec` is told to the cluster: the registry section, and the map as the user wrote it. */
export type SiteTarget = Omit<TargetSpec, 'mirrorMap'>;

export interface ValuesInput {
  readonly target: SiteTarget;
  readonly spelling: Spelling;
  /** Full references in the target, where image-swap's own images were mirrored. */
  readonly ownImages?: OwnImages;
  readonly isEKSCluster?: boolean;
  readonly pullSecret?: PullSecret;
}

/**
 * `values.yaml` for the image-swap chart, in the spelling that the chart has (domain.md, 1). `username`,
 * `password` and `dockerConfigJson` are empty: the installer gives them to helm by file, on site, to charts that take
 * them. There is no pull Secret until then: one that is made of nothing is refused by the API server.
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

function configSection({
  ownImages,
  isEKSCluster,
  pullSecret,
}: ValuesInput): Record<string, YamlValue> {
  const images = {
    ...(ownImages?.init === undefined ? {} : { imageSwapInitImage: ownImages.init }),
    ...(ownImages?.image === undefined ? {} : { imageSwapImage: ownImages.image }),
  };
  return {
    ...(Object.keys(images).length > 0 ? { imageSwapImages: images } : {}),
    ...(isEKSCluster === undefined ? {} : { imageSwapConfig: { isEKSCluster } }),
    ...(pullSecret === 'values'
      ? { imagePullSecret: { create: false, dockerConfigJson: '' } }
      : {}),
  };
}
