import { stateWords as placedWords } from '../report/placed-text.ts';
import { count, formatBytes } from '../report/units.ts';
import type { ImageSize, Override, Report, ReportPlacement, Verdict } from './report.ts';

/** What all forms of the report call things. */
export const verdictWords: Readonly<Record<Verdict['state'], string>> = {
  good: 'In order',
  attention: 'To be agreed to',
  bad: 'Not in order',
};

export const askedWords = {
  both: 'webhook and containerd',
  webhook: 'webhook',
  containerd: 'containerd',
} as const;

export const stateWords: Readonly<Record<NonNullable<ReportPlacement['state']>, string>> = {
  ...placedWords,
  failed: 'FAILED',
};

export const overrideWords: Readonly<Record<Override['kind'], string>> = {
  unsigned: 'not signed',
  certificate: 'certificate not checked',
  'plain-http': 'plain HTTP',
  credential: 'credential in clear text',
  referrers: 'attached left out',
  'let-pass': 'let pass',
};

export function bytesWords(bytes: number | null): string {
  return bytes === null ? 'not known' : formatBytes(bytes);
}

export function sizeWords(size: ImageSize | null): string {
  if (!size) return 'not known';
  return size.own === size.whole
    ? formatBytes(size.whole)
    : `${formatBytes(size.whole)}, ${formatBytes(size.own)} its own`;
}

export function registryWords(registry: string): string {
  return registry || 'no image name';
}

export function pinnedWords(pinnedBy: 'tag' | 'digest'): string {
  return pinnedBy === 'tag' ? 'tag, resolved when it was planned' : 'digest, by its author';
}

const carriedWords = {
  all: 'a whole bundle',
  delta: 'a delta: it lacks what its base brought',
  none: 'a light bundle, without its images',
} as const;

/** The facts of the heading, label and value. */
export function factsOf(report: Report): [string, string][] {
  const { bundle, target, sums, at, verb } = report;
  const { base, chart, credentials } = bundle;
  return [
    ['Name and version', `${bundle.name} ${bundle.version}, sequence ${bundle.sequence}`],
    ['Made', `${bundle.createdAt} by ${bundle.tool.name} ${bundle.tool.version}`],
    ['Expires', bundle.expiresAt ?? 'never'],
    ['For', `${target.path}, ${target.environment}`],
    ...optional('Signed for', target.signedTarget),
    ...optional('What it is', bundle.carries && carriedWords[bundle.carries]),
    ...optional(
      'Builds on',
      base && `${base.name} ${base.version}, sequence ${base.sequence}, ${base.inventoryDigest}`,
    ),
    ['Images', imageSums(report)],
    ['Bytes', byteSums(report)],
    ['Platforms', sums.platforms.join(', ') || 'not known'],
    ...optional('Chart', chart && `${chart.name} ${chart.version}, ${chart.digest}`),
    ...optional(
      'Pull credential',
      credentials && (credentials === 'age' ? 'in it, encrypted by age' : 'in it, IN CLEAR TEXT'),
    ),
    ...optional('CA certificate', target.caCert && `${target.caCert} (of its PEM text)`),
    ...optional('Not written to', target.pullThrough.join(', ')),
    ...optional('SBOMs in it', sbomsIn(report)),
    ...optional('Inventory', bundle.inventoryDigest),
    ['Report', `${at}, of ${verb}`],
  ];
}

function sbomsIn({ contents }: Report): string | null {
  const names = contents.map(({ path }) => path).filter((path) => /^sbom\./.test(path));
  return names.length > 0 ? names.join(', ') : null;
}

function optional(label: string, value: string | null): [string, string][] {
  return value ? [[label, value]] : [];
}

function imageSums({ sums: { images, attached, placements } }: Report): string {
  const others = attached > 0 ? `${attached} attached to them` : '';
  return [count(images, 'image'), others, `under ${count(placements, 'reference')} in the target`]
    .filter(Boolean)
    .join(', ');
}

function byteSums({ sums: { carried, leftToBase, unique, apart }, bundle }: Report): string {
  return [
    bundle.size === null ? '' : `${formatBytes(bundle.size)} in all`,
    `${formatBytes(carried)} of blobs`,
    leftToBase > 0 ? `${formatBytes(leftToBase)} left to the base` : '',
    unique === null || apart === null || unique === apart
      ? ''
      : `${formatBytes(apart)} if no image shared its layers`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Why there is no list of who named the images. */
export const notRecorded = 'not recorded in a bundle';
