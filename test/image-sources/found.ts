import { findImages } from '../../src/image-sources/find-images.ts';
import { readYaml } from '../../src/image-sources/read-yaml.ts';

/** What is found in a text, a line each: `3 image place`, `? ` before what is only suspected. */
export function foundIn(text: string): string[] {
  const { documents, errors } = readYaml(text, 'test.yaml');
  if (errors[0]) throw errors[0];
  return documents
    .flatMap(({ root }) => findImages(root))
    .map(({ image, line, place, isSuspected }) =>
      `${isSuspected ? '? ' : ''}${line} ${image} ${place}`.trim(),
    );
}
