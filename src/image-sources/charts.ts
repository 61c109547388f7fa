import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { withScratch } from '../disk/scratch.ts';
import { unreadable } from '../inputs/files.ts';
import type { ChartSource } from '../inputs/image-source.ts';
import type { Registries } from '../registry/client.ts';
import { pullChart } from '../registry/pull-chart.ts';
import { AirgapError } from '../report/error.ts';
import { imagesOfAnnotations } from './annotations.ts';
import { type About, readAbouts } from './chart-files.ts';
import { findImages } from './find-images.ts';
import { type Found, foundOf, merged } from './found.ts';
import { renderChart } from './helm.ts';
import { readYaml } from './read-yaml.ts';

/** The images of a chart as helm renders it, and those that its publisher lists. */
export async function findInChart(
  source: ChartSource,
  registries: Registries,
  context: Context,
): Promise<Found> {
  for (const file of source.values) {
    await readFile(file).catch((cause: unknown) => {
      throw unreadable(file, `values of ${source.field}`, cause);
    });
  }
  if (!source.path.startsWith('oci://')) return findInFiles(source.path, source, context);
  const name = withVersion(source);
  const bytes = await pullChart(name, source.field, registries);
  return withScratch(context.temporary, async (folder) => {
    const path = join(folder, 'chart.tgz');
    await writeFile(path, bytes);
    return findInFiles(path, source, context);
  });
}

/** A version's `+` is a `_` in a tag, as helm pushes it. */
function withVersion({ path, version }: ChartSource): string {
  if (version === undefined || /[:@][^/]+$/.test(path.slice('oci://'.length))) return path;
  return `${path}:${version.replaceAll('+', '_')}`;
}

async function findInFiles(path: string, source: ChartSource, context: Context): Promise<Found> {
  const abouts = await readAbouts(path, source.field).catch((cause: unknown) => {
    if (cause instanceof RangeError) throw noChart(source, cause.message);
    throw cause;
  });
  const [own] = abouts;
  if (!own) throw noChart(source, 'there is no Chart.yaml in it');
  refuseOtherVersion(own, source);
  const release = own.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 50);
  const rendered = await renderChart({ path, release }, source, context);
  const found = foundInRendered(rendered, source.name);
  const images = imagesOfAnnotations(abouts, found.files, source.name);
  return merged([...found.found, { images, errors: [] }]);
}

/** Helm says before each document which template it comes of; of a file with several it does so once. */
function foundInRendered(text: string, chart: string): { files: Set<string>; found: Found[] } {
  const { documents, errors } = readYaml(text, chart);
  const files = new Set<string>();
  const found: Found[] = [{ images: [], errors }];
  let file = '';
  for (const { root, heading } of documents) {
    file = /^# Source: (.*)$/m.exec(heading)?.[1]?.trim() ?? file;
    files.add(file);
    const mentions = findImages(root).map((mention) => ({ ...mention, line: 0 }));
    found.push(foundOf(mentions, `${chart}:${file}`));
  }
  return { files, found };
}

function refuseOtherVersion({ name, version }: About, source: ChartSource): void {
  if (source.version === undefined || source.version === version) return;
  throw new AirgapError('usage', `${source.field} has another version`, {
    given: `${name} ${version}`,
    expected: source.version,
    next: 'change version of this source, or give the chart of that version',
  });
}

function noChart({ field, name }: ChartSource, given: string): AirgapError {
  return new AirgapError('usage', `${field} cannot be used as a chart`, {
    given: `${name}: ${given}`,
    expected:
      "a chart's folder, its .tgz as `helm package` makes it, or oci://host/path/NAME:VERSION",
  });
}
