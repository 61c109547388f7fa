import { totalSize } from '../oci/descriptor.ts';
import type { Inventory } from '../plan/inventory.ts';
import { imageCount } from '../report/image-count.ts';
import { safeText } from '../report/safe.ts';
import { formatBytes } from '../report/units.ts';
import type { ActionResult } from './run.ts';

/** GitHub drops a summary over 1 MiB; the parts that grow share most of it. */
const mostBytesOfProblems = 200_000;
const mostBytesOfRows = 700_000;

/** The job summary, in HTML: what was done, what is wrong, and a table of the images. */
export function summaryText(result: ActionResult): string {
  const { plan, errors } = result;
  const problems = [
    ...errors.map(({ message, next }) => paragraph(`❌ ${message}${next ? `; ${next}` : ''}`)),
    ...(plan?.problems ?? [])
      .filter(({ severity }) => severity === 'warning')
      .map(({ kind, message, cure }) => paragraph(`⚠️ ${kind}: ${message}; ${cure}`)),
  ];
  return [
    `<h2>${escaped(plan ? `${plan.inventory.name} ${plan.inventory.version}` : 'airgap-bundle')}</h2>`,
    ...(plan ? [paragraph(whatWasDone(result, plan.inventory))] : []),
    ...within(mostBytesOfProblems, problems, (left) => paragraph(`and ${left} more, in the log`)),
    ...(plan ? [imageTable(plan.inventory)] : []),
    '',
  ].join('\n');
}

function whatWasDone({ mirror, create }: ActionResult, { images, blobs }: Inventory): string {
  const bytes = totalSize(blobs);
  return [
    `${imageCount(images)}, ${formatBytes(bytes)} of unique blobs`,
    ...(mirror ? [`mirrored to ${mirror.target}: ${counts(mirror.counts)}`] : []),
    ...(create
      ? [
          `bundle of ${formatBytes(create.size)}, sha256 ${create.sha256}, ${signature(create.keyId)}`,
        ]
      : []),
  ].join('; ');
}

function counts(byState: Readonly<Record<string, number>>): string {
  return Object.entries(byState)
    .map(([state, number]) => `${number} ${state}`)
    .join(', ');
}

function signature(keyId: string | null): string {
  return keyId ? `signed by key ${keyId}` : 'not signed';
}

function imageTable({ images }: Inventory): string {
  const rows = images.map(({ source, digest, platforms, placements }) => {
    const where = placements.map(({ reference }) => code(reference)).join('<br>');
    const cells = [code(source), code(digest.slice(0, 19)), escaped(platforms.join(', ')), where];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return [
    '<table><tr><th>Image</th><th>Digest</th><th>Platforms</th><th>Placements</th></tr>',
    ...within(
      mostBytesOfRows,
      rows,
      (left) => `<tr><td colspan="4">and ${left} more, in the report</td></tr>`,
    ),
    '</table>',
  ].join('\n');
}

/** As many parts as have room, and a word on those that have none. */
function within(most: number, parts: readonly string[], more: (left: number) => string): string[] {
  let bytes = 0;
  const end = parts.findIndex((part) => {
    bytes += Buffer.byteLength(part) + 1;
    return bytes > most;
  });
  return end < 0 ? [...parts] : [...parts.slice(0, end), more(parts.length - end)];
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

/** Names come from lists and registries: nothing in them is markup, nor a line of its own. */
function escaped(text: string): string {
  return safeText(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replace(/\s+/g, ' ');
}
