/**
 * One row a setting that can be given outside bundle.yaml too. The CLI makes its flags from this table, the
 * environment its variables (`--base-content-path` is AIRGAP_BUNDLE_BASE_CONTENT_PATH), the Action its inputs.
 */
export interface Setting {
  /** Flag, Action input and, in upper case, variable name. */
  readonly name: string;
  readonly kind: 'text' | 'switch' | 'choice' | 'number' | 'list' | 'path' | 'pairs';
  /** Where the value belongs in bundle.yaml. */
  readonly field: readonly string[];
  readonly help: string;
  /** What it may be, for shells to offer. */
  readonly choices?: readonly string[];
}

const registry = 'ociImageRegistry';

/** The one that concerns `load` too, which reads no bundle.yaml. */
export const retryBudgetSetting: Setting = {
  name: 'retry-budget',
  kind: 'text',
  field: ['retryBudget'],
  help: 'how long what may yet succeed is tried again: 90s, 30m, 2h (default 10m; a host that has not answered yet: 5 s)',
};

export const settings: readonly Setting[] = [
  { name: 'name', kind: 'text', field: ['name'], help: 'name of the bundle' },
  { name: 'bundle-version', kind: 'text', field: ['version'], help: 'version of the bundle' },
  {
    name: 'environment',
    kind: 'text',
    field: ['environment'],
    help: 'airgap or non-airgap',
    choices: ['airgap', 'non-airgap'],
  },
  {
    name: 'endpoint',
    kind: 'text',
    field: [registry, 'endpoint'],
    help: 'target registry, host[:port]',
  },
  {
    name: 'registry-name',
    kind: 'text',
    field: [registry, 'name'],
    help: 'name of the target in the image-swap values',
  },
  {
    name: 'base-content-path',
    kind: 'text',
    field: [registry, 'baseContentPath'],
    help: 'path below the endpoint that all targets lie under',
  },
  {
    name: 'insecure-skip-verify',
    kind: 'switch',
    field: [registry, 'insecureSkipVerify'],
    help: "do not verify the target's certificate",
  },
  {
    name: 'ca-cert',
    kind: 'text',
    field: [registry, 'caCert'],
    help: "the target's CA: PEM text, or a PEM file",
  },
  {
    name: 'ca-cert-file',
    kind: 'path',
    field: [registry, 'caCert'],
    help: "the target's CA: a PEM file",
  },
  {
    name: 'mirror-registries',
    kind: 'text',
    field: [registry, 'mirrorRegistries'],
    help: 'the mirror map: source::target,…',
  },
  {
    name: 'mirror-registries-file',
    kind: 'path',
    field: [registry, 'mirrorRegistries', 'file'],
    help: 'file with the mirror map',
  },
  {
    name: 'chart',
    kind: 'text',
    field: ['imageSwap', 'chart'],
    help: 'image-swap chart: path or oci://',
  },
  {
    name: 'init-image',
    kind: 'text',
    field: ['imageSwap', 'initImage'],
    help: "image-swap's init image",
  },
  {
    name: 'swap-image',
    kind: 'text',
    field: ['imageSwap', 'image'],
    help: "image-swap's own image",
  },
  {
    name: 'is-eks-cluster',
    kind: 'switch',
    field: ['imageSwap', 'isEKSCluster'],
    help: 'the cluster runs on EKS',
  },
  {
    name: 'images',
    kind: 'list',
    field: ['images'],
    help: 'images, in place of those in the bundle file',
  },
  {
    name: 'images-file',
    kind: 'path',
    field: ['images', 'list'],
    help: 'list of images, one a line',
  },
  { name: 'platforms', kind: 'list', field: ['platforms'], help: 'platforms to keep' },
  {
    name: 'referrers',
    kind: 'choice',
    field: ['referrers'],
    choices: ['true', 'false'],
    help: 'true or false: whether signatures, attestations and SBOMs travel with their images (default true)',
  },
  {
    name: 'pull-through',
    kind: 'list',
    field: ['pullThrough'],
    help: 'target paths that cannot be pushed to',
  },
  {
    name: 'registry-mirrors',
    kind: 'pairs',
    field: ['registries', 'mirror'],
    help: 'REGISTRY=HOST/PATH to ask instead',
  },
  {
    name: 'plain-http',
    kind: 'list',
    field: ['registries', 'plainHttp'],
    help: 'registries that speak plain HTTP',
  },
  {
    name: 'signing-key-file',
    kind: 'path',
    field: ['signing', 'key'],
    help: 'private key that signs the bundle',
  },
  {
    name: 'unsigned',
    kind: 'switch',
    field: ['unsigned'],
    help: 'make a bundle without a signature',
  },
  retryBudgetSetting,
  { name: 'sequence', kind: 'number', field: ['sequence'], help: 'grows with each bundle' },
  {
    name: 'expires',
    kind: 'text',
    field: ['expires'],
    help: 'date or time when the bundle begins to be refused',
  },
];

export function variableOf(setting: Setting): string {
  const name = setting.name
    .replace(/^bundle-/, '')
    .toUpperCase()
    .replaceAll('-', '_');
  return `AIRGAP_BUNDLE_${name}`;
}
