import { mermaidOf } from '../report/map-picture.ts';
import { formatBytes } from '../report/units.ts';
import { code, plain, table } from './markdown-text.ts';
import type { Report, ReportImage, ReportPlacement } from './report.ts';
import {
  askedWords,
  bytesWords,
  factsOf,
  notRecorded,
  overrideWords,
  pinnedWords,
  registryWords,
  sizeWords,
  stateWords,
  verdictWords,
} from './words.ts';

/** `report.md`: the verdict first, then what it hangs on, then everything. */
export function reportMarkdown(report: Report): string {
  return [
    ...heading(report),
    ...table(
      ['', ''],
      factsOf(report).map(([label, value]) => [label, plain(value)]),
    ),
    ...failures(report),
    ...overrides(report),
    ...problems(report),
    ...ways(report),
    ...images(report),
    ...sharing(report),
    ...files(report),
    ...checks(report),
    ...tools(report),
  ].join('\n');
}

function heading({ verdict }: Report): string[] {
  return [
    `# ${plain(verdict.title)}`,
    '',
    `**${verdictWords[verdict.state]}**`,
    '',
    ...verdict.points.map((point) => `- ${plain(point)}`),
    '',
  ];
}

function failures({ errors }: Report): string[] {
  if (errors.length === 0) return [];
  return [
    '## What failed',
    '',
    ...table(
      ['Failure', 'Found', 'What to do'],
      errors.map(({ class: name, message, given, next }) => [
        `${name}: ${plain(message)}`,
        plain(given ?? ''),
        plain(next ?? ''),
      ]),
    ),
  ];
}

function overrides({ overrides }: Report): string[] {
  return [
    '## Switched off on purpose',
    '',
    ...(overrides.length === 0 ? ['Nothing.', ''] : []),
    ...table(
      ['What', 'What it means'],
      overrides.map(({ kind, message }) => [overrideWords[kind], plain(message)]),
    ),
  ];
}

function problems({ problems: found }: Report): string[] {
  const none = found ? 'None was found.' : `Problems of the plan are ${notRecorded}.`;
  return [
    '## Problems',
    '',
    ...(found && found.length > 0 ? [] : [none, '']),
    ...table(
      ['', 'Problem', 'Cure'],
      (found ?? []).map(({ kind, severity, message, cure }) => [
        `${severity}, ${kind}`,
        plain(message),
        plain(cure),
      ]),
    ),
  ];
}

function ways({ map, registries }: Report): string[] {
  return [
    '## Where it comes from, and where it goes',
    '',
    ...(map.length > 0 ? ['```mermaid', mermaidOf(map), '```', ''] : []),
    registries[0]?.bytes == null
      ? ''
      : 'What images of several registries have counts for the first of them.',
    '',
    ...table(
      ['Source registry', 'Images', 'Bytes'],
      registries.map(({ registry, images: number, bytes }) => [
        code(registryWords(registry)),
        String(number),
        bytesWords(bytes),
      ]),
    ),
  ];
}

function images({ images: all }: Report): string[] {
  return [
    '## Images',
    '',
    ...table(
      ['Image', 'Digest', 'Platforms', 'Size', 'In the target', 'Named by'],
      all.flatMap((image) => [imageRow(image), ...image.attached.map(attachedRow)]),
    ),
  ];
}

function imageRow(image: ReportImage): string[] {
  const { source, digest, originalDigest, platforms, size, placements, namedBy, pinnedBy } = image;
  const filtered = originalDigest ? `<br>at its source ${code(originalDigest)}` : '';
  return [
    code(source),
    `${code(digest)}${filtered}<br>${pinnedWords(pinnedBy)}`,
    plain(platforms.join(', ') || '-'),
    sizeWords(size),
    placementWords(placements),
    namedBy ? namedBy.map(code).join('<br>') || '-' : notRecorded,
  ];
}

function attachedRow({
  source,
  digest,
  size,
  placements,
  artifactType,
  subject,
}: ReportImage['attached'][number]): string[] {
  return [
    `attached: ${code(artifactType ?? source)}`,
    code(digest),
    `to ${code(subject)}`,
    sizeWords(size),
    placementWords(placements),
    '',
  ];
}

function placementWords(placements: readonly ReportPlacement[]): string {
  if (placements.length === 0) return 'no rule maps it: not carried';
  return placements.map(placementLine).join('<br>');
}

function placementLine({ reference, askedForBy, state, error }: ReportPlacement): string {
  const found = state ? `; ${stateWords[state]}` : '';
  const why = error ? `: ${plain(error)}` : '';
  return `${code(reference)} for ${askedWords[askedForBy]}${found}${why}`;
}

function sharing({ shared, sums: { unique, apart } }: Report): string[] {
  if (!shared || shared.length === 0 || unique === null || apart === null) return [];
  return [
    '## What sharing saves',
    '',
    `${formatBytes(apart - unique)} of ${formatBytes(apart)}: what several images have is carried once.`,
    '',
    ...table(
      ['Blob', 'Size', 'Images'],
      shared
        .slice(0, 10)
        .map(({ digest, size, images: number }) => [
          code(digest),
          formatBytes(size),
          String(number),
        ]),
    ),
  ];
}

function files({ files: carried, contents }: Report): string[] {
  return [
    ...(carried.length > 0 ? ['## Files to carry', ''] : []),
    ...table(
      ['File', 'Size', 'sha256'],
      carried.map(({ name, size, sha256 }) => [code(name), formatBytes(size), code(sha256)]),
    ),
    ...(contents.length > 0 ? ['## Files in the bundle, beside its images', ''] : []),
    ...table(
      ['File', 'Size', 'sha256'],
      contents.map(({ path, size, sha256 }) => [code(path), formatBytes(size), code(sha256)]),
    ),
  ];
}

function checks({ checks: all }: Report): string[] {
  return [
    ...(all.length > 0 ? ['## See for yourself', ''] : []),
    ...table(
      ['Command', 'What it shows'],
      all.map(({ what, command }) => [code(command), plain(what)]),
    ),
  ];
}

function tools({ tools: all }: Report): string[] {
  const words = all.map(({ name, version }) => `${plain(name)} ${plain(version)}`);
  return ['## Tools', '', words.join(', '), ''];
}
