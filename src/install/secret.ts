import { AirgapError } from '../report/error.ts';
import type { SiteTarget } from './values.ts';
import { toYaml } from './yaml.ts';

/** The keys of the Secret `registry-info`, in the order of the page. */
const secretKeys = [
  'DOMAIN',
  'BASE_PATH',
  'USERNAME',
  'PASSWORD',
  'INSECURE',
  'CA_CERT',
  'MIRROR_REGISTRIES',
] as const;

export type SecretData = Readonly<Record<(typeof secretKeys)[number], string>>;

/** What Kubernetes allows for one Secret. */
const maxBytes = 1024 * 1024;

/**
 * `registry-secret.yaml`: kind, name, namespace and type are what the gateway looks for and never change.
 * @throws AirgapError `usage` when it is larger than a cluster takes, here rather than on the jump host.
 */
export function secretYaml(target: SiteTarget): Buffer {
  const yaml = toYaml(
    {
      apiVersion: 'v1',
      stringData: { ...secretData(target) },
      kind: 'Secret',
      metadata: { name: 'registry-info', namespace: 'jet-system' },
      type: 'Opaque',
    },
    'registry-secret.yaml',
  );
  if (yaml.length <= maxBytes) return yaml;
  throw new AirgapError('usage', 'the Secret registry-info would be larger than Kubernetes takes', {
    given: `${yaml.length} bytes, ${Buffer.byteLength(target.mirrorRegistries)} of them mirrorRegistries`,
    expected: `at most ${maxBytes} bytes`,
    next: 'shorten mirrorRegistries: one entry a registry, not one an image',
  });
}

/** The same values as `ociImageRegistry`; credentials come on site. `INSECURE` is text, not a boolean. */
export function secretData(target: SiteTarget): SecretData {
  return {
    DOMAIN: target.endpoint,
    BASE_PATH: target.baseContentPath,
    USERNAME: '',
    PASSWORD: '',
    INSECURE: String(target.insecureSkipVerify),
    CA_CERT: target.caCert ?? '',
    MIRROR_REGISTRIES: target.mirrorRegistries,
  };
}
