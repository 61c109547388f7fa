import { parseReference } from '../oci/reference.ts';
import { AirgapError, type Place } from '../report/error.ts';
import { findImages } from './find-images.ts';
import type { Mention } from './mention.ts';
import { eachDocument, type YamlDocument } from './read-yaml.ts';

/** An image and one place that names it. */
export interface FoundImage {
  /** As written. */
  readonly image: string;
  /** `deploy.yaml:12 Deployment default/web spec.template.spec.containers[0].image`. */
  readonly source: string;
  /** Found by its shape alone. */
  readonly isSuspected: boolean;
  /** Where `source` is a line of a file. */
  readonly place?: Place;
}

/** What a source gave; its mistakes are told together with those of the others. */
export interface Found {
  readonly images: readonly FoundImage[];
  readonly errors: readonly AirgapError[];
}

export function merged(found: readonly Found[]): Found {
  return {
    images: found.flatMap(({ images }) => images),
    errors: found.flatMap(({ errors }) => errors),
  };
}

/**
 * What the manifests in a text of YAML or JSON name.
 * @param name of the file in sources and messages
 * @param file its absolute path, where it is one
 */
export function foundInText(text: string, name: string, file?: string): Found {
  const found: Found[] = [];
  for (const read of eachDocument(text, name)) {
    found.push(read instanceof AirgapError ? failed(read) : foundInDocument(read, name, file));
  }
  return merged(found);
}

function foundInDocument({ root, line }: YamlDocument, name: string, file?: string): Found {
  const given = `${name}:${line}`;
  if (root.kind === 'text' && root.value !== '') {
    const expected = 'manifests: mappings of YAML or JSON';
    return failed(new AirgapError('usage', 'a text is no manifest', { given, expected }));
  }
  try {
    return foundOf(findImages(root), name, { file });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `YAML that cannot be read: ${cause.message}`;
    return failed(new AirgapError('usage', message, { given, next: 'correct the file', cause }));
  }
}

function failed(error: AirgapError): Found {
  return { images: [], errors: [error] };
}

/** Mentions with the file that they stand in, and those that no grammar accepts as errors. */
export function foundOf(
  mentions: readonly Mention[],
  name: string,
  { cure, file }: { readonly cure?: Cure | undefined; readonly file?: string | undefined } = {},
): Found {
  const images = mentions.map(({ image, line, place, isSuspected }) => ({
    image,
    source: `${line > 0 ? `${name}:${line}` : name} ${place}`.trim(),
    isSuspected,
    ...(file && line > 0 ? { place: { file, line } } : {}),
  }));
  return checkedNames(images, cure);
}

/** What to do about an image that no grammar accepts. */
export type Cure = (image: string) => string;

/** The images, and an error for each that no grammar accepts. */
export function checkedNames(
  images: readonly FoundImage[],
  cure: Cure = () => 'correct the name',
): Found {
  const errors: AirgapError[] = [];
  const right = images.filter(({ image, source, place }) => {
    try {
      parseReference(image);
      return true;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      errors.push(
        new AirgapError('usage', cause.message, {
          given: source,
          next: cure(image),
          place,
          cause,
        }),
      );
      return false;
    }
  });
  return { images: right, errors };
}

/** By image as written, in the order of their first places. */
export function byImage<T extends { readonly image: string }>(
  found: readonly T[],
): Map<string, T[]> {
  const places = new Map<string, T[]>();
  for (const one of found) {
    const others = places.get(one.image);
    if (others) others.push(one);
    else places.set(one.image, [one]);
  }
  return places;
}
