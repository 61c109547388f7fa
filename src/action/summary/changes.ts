import type { Changes } from '../../commands/compare-older.ts';
import { imageSums, short } from '../../report/diff-parts.ts';
import { chartRows, contentRows, mapRows, targetRows } from '../../report/diff-rows.ts';
import { formatBytes } from '../../report/units.ts';
import type { ActionResult } from '../run.ts';
import { details, type Markup, within } from './markup.ts';

const mostBytes = 120_000;
const head = ['Change', 'Of', 'Before', 'Now'];

/** What installing this bundle in place of the older one changes. */
export function changeLines({ changes }: ActionResult, html: Markup): string[] {
  if (!changes) return [];
  const { name, version, createdAt } = changes.since;
  const rows = rowsOf(changes).map((cells) => html.row(cells.map((cell) => html.text(cell))));
  const more = (left: number) => `<tr><td colspan="4">and ${left} more, in the results</td></tr>`;
  return [
    `<h3>${html.text(`Since ${name} ${version} of ${createdAt.slice(0, 10)}`)}</h3>`,
    html.paragraph(html.text(changes.same ? 'Both install the same.' : sumsOf(changes))),
    ...(rows.length > 0
      ? details('What changed', html.table(head, within(mostBytes, rows, more)))
      : []),
  ];
}

function sumsOf({ images, bytes: { carried } }: Changes): string {
  const { added, removed, moved, unchanged } = images;
  const sums = imageSums([
    ['added', added.length],
    ['removed', removed.length],
    ['moved', moved.length],
    ['unchanged', unchanged],
  ]);
  return carried === null ? sums : `${sums}; ${formatBytes(carried)} to carry`;
}

/** Cells below `head`. */
function rowsOf(changes: Changes): string[][] {
  const { images, target } = changes;
  const about = (what: string, rows: readonly (readonly string[])[]) =>
    rows.map(([first = '', second = '', ...rest]) => [what, first, second, rest.join(' ')]);
  return [
    ...images.added.map(({ source, digest, replaces }) => [
      ...['image added', source, replaces ?? ''],
      short(digest),
    ]),
    ...images.removed.map(({ source, digest }) => ['image removed', source, short(digest), '']),
    ...images.moved.map(({ source, from, to }) => ['image moved', source, short(from), short(to)]),
    ...chartRows(changes).map(([from = '', to = '']) => ['chart', '', from, to]),
    ...about('target', targetRows(target)),
    ...about('mirror map', mapRows(target)),
    ...about('in the bundle', contentRows({ ...changes, secretKeys: null })),
  ];
}
