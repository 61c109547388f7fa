import type { Inventory } from '../plan/inventory.ts';
import { formatBytes } from '../report/units.ts';
import type { ActionResult } from './run.ts';

/** The part of `core.summary` that is used. */
export interface Summary {
  addRaw(text: string): Summary;
  write(): Promise<unknown>;
}

/** GitHub drops a summary over 1 MiB. */
const mostRows = 1000;

/** The job summary: what was done, the problems, and a table of the images. */
export async function writeSummary(result: ActionResult, summary: Summary): Promise<void> {
  const { inventory, problems } = result.plan;
  const parts = [
    `<h2>${escaped(`${inventory.name} ${inventory.version}`)}</h2>`,
    paragraph(whatWasDone(result)),
    ...problems.map(({ severity, kind, message, cure }) =>
      paragraph(`${severity}: ${kind}: ${message} (${cure})`),
    ),
    ...result.errors.map(({ message }) => paragraph(`error: ${message}`)),
    imageTable(inventory),
  ];
  await summary.addRaw(`${parts.join('\n')}\n`).write();
}

function whatWasDone({ plan, mirror, create }: ActionResult): string {
  const bytes = plan.inventory.blobs.reduce((sum, { size }) => sum + size, 0);
  return [
    `${plan.inventory.images.length} images, ${formatBytes(bytes)} of unique blobs`,
    ...(mirror ? [`mirrored to ${mirror.target}: ${counts(mirror.counts)}`] : []),
    ...(create
      ? [`bundle ${formatBytes(create.size)}, sha256 ${create.sha256}, ${signature(create.keyId)}`]
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
  const rows = images.slice(0, mostRows).map(({ source, digest, platforms, placements }) => {
    const where = placements.map(({ reference }) => code(reference)).join('<br>');
    return `<tr><td>${code(source)}</td><td>${code(digest.slice(0, 19))}</td><td>${escaped(platforms.join(', '))}</td><td>${where}</td></tr>`;
  });
  const more = images.length - rows.length;
  return [
    '<table><tr><th>Image</th><th>Digest</th><th>Platforms</th><th>Placements</th></tr>',
    ...rows,
    '</table>',
    ...(more > 0 ? [paragraph(`and ${more} more, in the report`)] : []),
  ].join('\n');
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

/** Names come from lists and registries: nothing in them is markup, nor a line of its own. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/\s+/g, ' ');
}
