import type { BundleSpec, ListedImage } from '../inputs/spec.ts';
import type { Chart, OwnImages } from '../install/chart.ts';
import { askedFor, repositoryOf } from '../plan/placements.ts';
import type { Plan } from '../plan/plan.ts';
import { type Problem, warning } from '../plan/problem.ts';

/** Image-swap's own images: it cannot rewrite them, so its values must name them in the target. */
export interface OwnSources {
  /** As bundle.yaml or the chart names them. */
  readonly sources: OwnImages;
  /** Those to mirror like any other image. */
  readonly listed: readonly ListedImage[];
}

export function ownImages(spec: BundleSpec, chart: Chart | undefined): OwnSources {
  const init = spec.imageSwap.initImage ?? chart?.ownImages?.init;
  const image = spec.imageSwap.image ?? chart?.ownImages?.image;
  const listed = [
    { image: init, origin: originOf('imageSwap.initImage', spec.imageSwap.initImage) },
    { image, origin: originOf('imageSwap.image', spec.imageSwap.image) },
  ].filter((own): own is ListedImage => own.image !== undefined && !isInTarget(spec, own.image));
  return { sources: { ...(init ? { init } : {}), ...(image ? { image } : {}) }, listed };
}

function originOf(field: string, written: string | undefined): string {
  return written === undefined ? `from the chart; ${field} sets another` : field;
}

/** The full target references that the values carry; a source that nothing maps stays as it is. */
export function ownImageReferences(
  { map }: Pick<Plan, 'map'>,
  { sources, listed }: OwnSources,
): OwnImages {
  const entries = Object.entries(sources).map(([role, source]) => {
    const isMirrored = listed.some(({ image }) => image === source);
    const first = isMirrored ? askedFor(map, source).asked[0]?.reference : undefined;
    return [role, first ? inTarget(first) : source];
  });
  return Object.fromEntries(entries);
}

export function ownImageProblems(spec: BundleSpec, { sources, listed }: OwnSources): Problem[] {
  if (spec.environment === 'non-airgap') return [];
  const unknown = !sources.image || !sources.init;
  const problems = unknown ? [unknownImages()] : [];
  const given = Object.values(sources).filter(
    (source) => !listed.some(({ image }) => image === source),
  );
  if (given.length > 0) problems.push(alreadyInTarget(given));
  return problems;
}

function isInTarget({ target }: BundleSpec, image: string): boolean {
  return image.startsWith(`${target.endpoint}/`);
}

function inTarget(
  reference: Parameters<typeof repositoryOf>[0] & { tag?: string; digest?: string },
): string {
  const name = repositoryOf(reference);
  if (reference.digest) return `${name}@${reference.digest}`;
  return `${name}:${reference.tag ?? 'latest'}`;
}

function unknownImages(): Problem {
  return warning(
    'own-images',
    [],
    "image-swap's own images are not known: the chart's values do not name them",
    'add imageSwap: {initImage: …, image: …}',
  );
}

function alreadyInTarget(images: readonly string[]): Problem {
  return warning(
    'own-images',
    images,
    `${images.join(' and ')}: named in the target already, so not mirrored: the source is not known`,
    "write the source of image-swap's images; the values get the target reference by themselves",
  );
}
