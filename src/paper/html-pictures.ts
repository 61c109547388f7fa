import type { MapEdge } from '../plan/map-edges.ts';
import { count, formatBytes } from '../report/units.ts';
import { bar } from './bars.ts';
import { edgesLeftOut, mapSvg } from './map-svg.ts';
import { code, html, lines, type Markup } from './markup.ts';
import { table } from './parts.ts';
import type { Report } from './report.ts';
import { saved } from './sizes.ts';
import { askedWords, bytesWords, registryWords } from './words.ts';

/** The map as a picture and in words, and how many bytes come from where. */
export function waysBody({ map, registries, target }: Report): Markup {
  const left = edgesLeftOut(map);
  const more =
    left > 0
      ? html`<p>The picture leaves out ${count(left, 'smaller way')}.</p>
`
      : html``;
  return html`<div class="scroll" role="group" aria-label="Picture of the map" tabindex="0">
${mapSvg(map, target.path)}</div>
<p class="muted">To the left source registries, to the right where in ${target.path} their images go; the thicker, the more.
Dashed is asked for by containerd alone, pale by the webhook alone.</p>
${more}<details>
<summary>The same as a table, and the map itself</summary>
${table({
  caption: 'Ways of the map that are used',
  head: ['Source registry', 'In the target', 'Images', 'Bytes', 'Asked for by'],
  rows: map.map(edgeRow),
})}<pre><code>${target.mirrorMap}</code></pre>
</details>
${registryBars(registries)}`;
}

function edgeRow({ source, target, images, bytes, askedForBy }: MapEdge) {
  return [
    code(registryWords(source)),
    target === undefined ? 'no rule maps it' : code(target),
    images,
    bytesWords(bytes ?? null),
    askedForBy ? askedWords[askedForBy] : '-',
  ];
}

function registryBars(registries: Report['registries']): Markup {
  const isKnown = registries.every(({ bytes }) => bytes !== null);
  const value = ({ bytes, images }: Report['registries'][number]) =>
    isKnown ? (bytes ?? 0) : images;
  const most = Math.max(0, ...registries.map(value));
  return table({
    caption: isKnown
      ? 'Bytes by source registry; what several have counts for the first of them'
      : 'Images by source registry; bytes are not known',
    head: ['Source registry', 'Images', 'Bytes'],
    rows: registries.map((share) => [
      html`${code(registryWords(share.registry))}${bar(value(share), most)}`,
      share.images,
      bytesWords(share.bytes),
    ]),
    kind: 'bars',
  });
}

const shownBlobs = 10;

/** Undefined where nothing is shared, or nothing known. */
export function sharingBody({ shared, sums: { unique, apart } }: Report): Markup | undefined {
  if (!shared || shared.length === 0 || unique === null || apart === null) return undefined;
  const sum = (name: string, bytes: number) => [
    html`${name}${bar(bytes, apart)}`,
    formatBytes(bytes),
  ];
  return html`<p>What several images have is carried once: that saves ${formatBytes(apart - unique)} of ${formatBytes(apart)}.</p>
${table({
  caption: 'Bytes of all images',
  head: ['How they are counted', 'Bytes'],
  rows: [sum('each image by itself', apart), sum('each blob once', unique)],
  kind: 'bars',
})}<details>
<summary>The blobs that save most</summary>
${table({
  caption: 'Manifests, configs and layers that more than one image needs',
  head: ['Blob', 'Size', 'Images', 'Saved'],
  rows: shared
    .slice(0, shownBlobs)
    .map((blob) => [
      lines([code(blob.digest)]),
      formatBytes(blob.size),
      blob.images,
      formatBytes(saved(blob)),
    ]),
})}</details>
`;
}
