import type { Context } from '../context.ts';
import { byImage, checkedNames } from '../image-sources/found.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { connect } from './connect.ts';
import { findSourceImages, leftIn, refuseMistakes } from './source-images.ts';
import { tellInTarget } from './tell-left.ts';

/** An image that the bundle file or one of its sources names. */
export interface NamedImage {
  /** As written. */
  readonly image: string;
  /** Every place that names it. */
  readonly sources: readonly string[];
  /** Every place only looks as if it named an image. */
  readonly suspected: boolean;
}

/** An image, and whether `plan` takes it: a suspected one only where its source says so. */
export interface JudgedImage extends NamedImage {
  readonly taken: boolean;
}

/**
 * `images`: what the list and the sources of bundle.yaml name, in order, without what a cluster runs from the target.
 * Contacts no registry but for a chart that lies in one.
 */
export async function runImages(spec: BundleSpec, context: Context): Promise<JudgedImage[]> {
  const { registries } = await connect(spec.target.endpoint, spec, context);
  try {
    const listed = checkedNames(
      spec.images.map(({ image, origin }) => ({ image, source: origin, isSuspected: false })),
    );
    const found = await findSourceImages(spec, registries, context);
    refuseMistakes([...listed.errors, ...found.errors]);
    const named = [
      ...listed.images.map((image) => ({ ...image, state: 'taken' })),
      ...found.images.filter(({ state }) => state !== 'in-target'),
    ];
    tellInTarget(leftIn('in-target', found.images, named), context);
    return [...byImage(named)].map(([image, places]) => ({
      image,
      sources: [...new Set(places.map(({ source }) => source))],
      suspected: places.every(({ isSuspected }) => isSuspected),
      taken: places.some(({ state }) => state === 'taken'),
    }));
  } finally {
    await registries.close();
  }
}
