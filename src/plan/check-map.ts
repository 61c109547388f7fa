import type { BundleSpec } from '../inputs/spec.ts';
import {
  hasDefault,
  libraryWithoutDockerHub,
  rewriteLoop,
  targetsOutside,
  v2Targets,
} from '../mirror-map/lint.ts';
import type { MapEntry } from '../mirror-map/map.ts';
import type { Place } from '../report/error.ts';
import { at, error, type Problem, warning } from './problem.ts';
import { basePath } from './repositories.ts';

/** What is wrong with the map as a whole. */
export function checkMap({ target, images }: Pick<BundleSpec, 'target' | 'images'>): Problem[] {
  const { mirrorMap: map, endpoint, baseContentPath, mapPlace } = target;
  const here = (entry: MapEntry) => mapPlace && entryPlace(mapPlace, entry);
  const problems: Problem[] = [];
  const library = libraryWithoutDockerHub(map);
  if (library) problems.push(at(here(library), libraryAlone(library, basePath(target))));
  for (const entry of targetsOutside(map, endpoint, baseContentPath)) {
    problems.push(at(here(entry), outside(entry, basePath(target))));
  }
  for (const entry of v2Targets(map)) problems.push(at(here(entry), v2InTarget(entry)));
  if (!hasDefault(map)) problems.push(at(mapPlace, noDefault(endpoint)));
  else problems.push(...targetNotExcluded(target, images));
  return problems;
}

function libraryAlone({ key }: MapEntry, prefix: string): Problem {
  const registry = key.replace(/\/library$/, '');
  return error(
    'library-without-docker.io',
    [],
    `the map has ${key} but not ${registry}: the webhook would refuse every pod with another image of ${registry}`,
    `add ${registry}::${prefix}/${registry}`,
  );
}

function outside(entry: MapEntry, prefix: string): Problem {
  return error(
    'outside-target',
    [],
    `${place(entry)}: the target ${entry.value} does not lie under ${prefix}`,
    /^https?:\/\//.test(entry.value)
      ? `write ${entry.value.replace(/^https?:\/\//, '')}: a target has no scheme`
      : 'correct the entry, or endpoint and baseContentPath',
  );
}

function v2InTarget(entry: MapEntry): Problem {
  return warning(
    'v2-in-target',
    [],
    `${place(entry)}: with /v2/ in the target the webhook's pods ask for /v2/v2/…, which fails; only containerd's mirrors can use it`,
    `write ${entry.value.replace('/v2/', '/')}: the containerd files of the bundle get their /v2/ by themselves`,
  );
}

function noDefault(endpoint: string): Problem {
  return warning(
    'no-default',
    [],
    'the map has no `default`: the webhook swaps nothing unless its chart adds one',
    `make sure that the chart adds \`default::\` and \`noswap_wildcards::${endpoint}\`, or add them to the map`,
  );
}

/** With the exclusion that the effective map adds there is no loop; a chart that does not add it has one. */
function targetNotExcluded(
  { mirrorMap: map, endpoint }: BundleSpec['target'],
  images: BundleSpec['images'],
): Problem[] {
  if (map.entries.some(({ kind }) => kind === 'noswap')) return [];
  const looping = images.map(({ image }) => image).filter((image) => rewriteLoop(map, image));
  if (looping.length === 0) return [];
  const message = `the map does not take ${endpoint} out of swapping: unless the chart does, the webhook rewrites its own answers`;
  return [
    warning(
      'target-not-excluded',
      looping,
      message,
      `make sure that the chart adds \`noswap_wildcards::${endpoint}\`, or add it to the map`,
    ),
  ];
}

function entryPlace(map: Place, { line, column }: MapEntry): Place {
  return { ...map, line, column };
}

function place({ line, column, key }: MapEntry): string {
  return `mirror map ${line}:${column} (${key})`;
}
