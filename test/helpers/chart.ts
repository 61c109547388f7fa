import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import { create } from 'tar';

export interface ChartOptions {
  /** Which of the two spellings its values.yaml has. */
  readonly spelling: 'bare' | 'nested';
  readonly version?: string;
  /** Named in `config.imageSwapImages`. */
  readonly images?: { readonly init?: string; readonly image?: string };
  /** `values`: it has `config.imagePullSecret`, as newer charts of the vendor. Else its annotation names a Secret. */
  readonly pullSecret?: 'values' | { readonly name: string };
}

/**
 * Writes a small image-swap chart into `folder`, the same bytes every time, and gives its path. Its templates
 * put every value of the registry section into a Secret (base64, so any byte survives) and the rest into a
 * ConfigMap, so that `helm template` shows what the cluster would get.
 */
export async function makeChart(folder: string, options: ChartOptions): Promise<string> {
  const version = options.version ?? '1.5.3';
  const about =
    typeof options.pullSecret === 'object'
      ? { annotations: { 'airgap-bundle/pull-secret': options.pullSecret.name } }
      : {};
  return packChart(folder, `image-swap-${version}.tgz`, {
    'image-swap/Chart.yaml': dump({ apiVersion: 'v2', name: 'image-swap', version, ...about }),
    'image-swap/values.yaml': dump(valuesOf(options)),
    'image-swap/templates/registry.yaml': template(options),
  });
}

/** Packs any files as a chart archive; for charts that are wrong on purpose, too. */
export async function packChart(
  folder: string,
  name: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'airgap-chart-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(work, dirname(path)), { recursive: true });
      await writeFile(join(work, path), text);
    }
    const file = join(folder, name);
    const fixed = { gzip: true, portable: true, noMtime: true, cwd: work, file };
    await create(fixed, Object.keys(files));
    return file;
  } finally {
    await rm(work, { recursive: true });
  }
}

function valuesOf({ spelling, images, pullSecret }: ChartOptions): object {
  const ociImageRegistry = {
    endpoint: '',
    name: '',
    username: '',
    password: '',
    baseContentPath: '',
    insecureSkipVerify: false,
    caCert: '',
    mirrorRegistries: '',
  };
  const own = {
    imageSwapImages: {
      imageSwapInitImage: images?.init ?? '',
      imageSwapImage: images?.image ?? '',
    },
    imageSwapConfig: { isEKSCluster: false },
    ...(pullSecret === 'values'
      ? { imagePullSecret: { create: false, dockerConfigJson: '' } }
      : {}),
  };
  return spelling === 'nested'
    ? { config: { ociImageRegistry, ...own } }
    : { ociImageRegistry, config: own };
}

function template({ spelling, pullSecret }: ChartOptions): string {
  const section =
    spelling === 'nested' ? '.Values.config.ociImageRegistry' : '.Values.ociImageRegistry';
  return `apiVersion: v1
kind: Secret
metadata:
  name: image-swap-registry
  namespace: {{ .Release.Namespace }}
data:
{{- range $key, $value := ${section} }}
  {{ $key }}: {{ $value | toString | b64enc | quote }}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  mirrorRegistries: {{ ${section}.mirrorRegistries | quote }}
  insecureIsBoolean: {{ kindIs "bool" ${section}.insecureSkipVerify | quote }}
  initImage: {{ .Values.config.imageSwapImages.imageSwapInitImage | quote }}
  image: {{ .Values.config.imageSwapImages.imageSwapImage | quote }}
  isEKSCluster: {{ .Values.config.imageSwapConfig.isEKSCluster | quote }}
${pullSecret === 'values' ? pullSecretTemplate : ''}`;
}

/** As the vendor's documentation describes it: base64, taken as it is. */
const pullSecretTemplate = `---
{{- if .Values.config.imagePullSecret.create }}
apiVersion: v1
kind: Secret
metadata:
  name: spectro-image-pull-secret
  namespace: {{ .Release.Namespace }}
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: {{ .Values.config.imagePullSecret.dockerConfigJson | quote }}
{{- end }}
`;
