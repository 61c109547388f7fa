import { dump } from 'js-yaml';

/** A field of a new bundle.yaml, as people read it. */
interface Field {
  readonly key: string;
  /** Lines of comment above it. */
  readonly comment: readonly string[];
  /** What stands there, as a comment, where the field is absent. */
  readonly absent?: string;
  readonly fields?: readonly Field[];
}

type Document = Readonly<Record<string, unknown>>;

/**
 * The text of a bundle.yaml with a comment on every field, those that are absent among them.
 * @param schema where an editor finds the schema, relative to the file
 */
export function bundleYaml(document: Document, schema: string): string {
  const known = ['apiVersion', ...fields.map(({ key }) => key)];
  const others = Object.entries(document).filter(([key]) => !known.includes(key));
  return [
    `# yaml-language-server: $schema=${schema}`,
    '#',
    '# What is mirrored and bundled. Paths are relative to this file; every field, with',
    '# its flag and variable, is in docs/reference/bundle-yaml.md.',
    '',
    'apiVersion: airgap-bundle/v1',
    ...fields.flatMap((field) => ['', ...fieldLines(field, document)]),
    ...others.flatMap(([key, value]) => ['', ...yamlLines(key, value)]),
    '',
  ].join('\n');
}

const sectionFields: readonly Field[] = [
  { key: 'endpoint', comment: ['The registry, host[:port] without a scheme.'] },
  { key: 'name', comment: ['Its name in the values of the chart.'] },
  { key: 'baseContentPath', comment: ['The path in it that every image lies under.'] },
  {
    key: 'insecureSkipVerify',
    comment: ['For a certificate that nobody can verify; a CA is better.'],
    absent: 'insecureSkipVerify: true',
  },
  {
    key: 'caCert',
    comment: ['Its certificate authority: PEM text, or the path of a PEM file.'],
    absent: 'caCert: ./ca.pem',
  },
  {
    key: 'mirrorRegistries',
    comment: [
      'The mirror map, source::target: images of the source are found at the target.',
      '`airgap-bundle plan` shows what the cluster makes of it.',
    ],
  },
];

const fields: readonly Field[] = [
  {
    key: 'name',
    comment: ["Part of the bundle's file name, and of its repository in the target."],
  },
  { key: 'version', comment: ['A new one for each bundle; it becomes a tag.'] },
  {
    key: 'environment',
    comment: ['airgap, or non-airgap to install the Secret alone, no chart.'],
    absent: 'environment: non-airgap',
  },
  {
    key: 'ociImageRegistry',
    comment: ['Where the images go: the section of the image-swap values, without credentials.'],
    fields: sectionFields,
  },
  {
    key: 'imageSwap',
    comment: ['The chart that installs image-swap; absent: our own.'],
    absent: 'imageSwap: {chart: ./image-swap-1.5.3.tgz}',
  },
  {
    key: 'images',
    comment: [
      'The images that the cluster needs: names, lists, or where they are found, such as',
      '{manifests: deploy/}, {chart: ./web} or {cluster: {}}.',
    ],
  },
  {
    key: 'platforms',
    comment: ['Platforms to keep; absent: all.'],
    absent: 'platforms: [linux/amd64]',
  },
  {
    key: 'registries',
    comment: ['How registries are reached from here.'],
    absent: 'registries: {docker.io: {mirror: mirror.example.org/hub}}',
  },
  {
    key: 'signing',
    comment: ['The private key that signs; `airgap-bundle keygen --out bundle.key` makes one.'],
  },
  { key: 'unsigned', comment: ['Not signed: load and install.sh refuse it by default.'] },
];

/** Of a field that is absent, with nothing to show for it, there is nothing. */
function fieldLines({ key, comment, absent, fields: inner }: Field, document: Document): string[] {
  const value = document[key];
  const above = comment.map((line) => `# ${line}`);
  if (value === undefined) return absent === undefined ? [] : [...above, `# ${absent}`];
  if (!inner) return [...above, ...yamlLines(key, value)];
  const below = inner.flatMap((field) => fieldLines(field, value as Document));
  return [...above, `${key}:`, ...below.map((line) => (line === '' ? line : `  ${line}`))];
}

function yamlLines(key: string, value: unknown): string[] {
  return dump({ [key]: value }, { lineWidth: -1, noRefs: true })
    .trimEnd()
    .split('\n');
}
