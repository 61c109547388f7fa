import { referenceIn } from '../oci/reference.ts';
import type { About } from './chart-files.ts';
import type { FoundImage } from './found.ts';
import { childAt, itemsOf, type Node, textAt } from './node.ts';
import { readYaml } from './read-yaml.ts';

/**
 * The images that publishers list in their Chart.yaml, for Bitnami's tools (`images`) and for Artifact Hub
 * (`artifacthub.io/images`); of charts that are switched off none.
 * @param rendered paths of the templates that gave something
 * @param chart its name in sources
 */
export function imagesOfAnnotations(
  abouts: readonly About[],
  rendered: ReadonlySet<string>,
  chart: string,
): FoundImage[] {
  const [own, ...others] = abouts;
  const on = others.filter((about) => isOn(about, abouts, rendered));
  return [...(own ? [own] : []), ...on].flatMap((about) => listedIn(about, chart));
}

/** A chart stands in what is rendered under its own name or an alias. */
function isOn({ name }: About, abouts: readonly About[], rendered: ReadonlySet<string>): boolean {
  const aliases = abouts
    .flatMap(({ document }) => itemsOf(childAt(document.root, 'dependencies')))
    .filter((dependency) => textAt(dependency, 'name') === name)
    .flatMap((dependency) => textAt(dependency, 'alias') ?? []);
  return [name, ...aliases].some((one) =>
    [...rendered].some((path) => path.includes(`/charts/${one}/`)),
  );
}

const annotations = ['images', 'artifacthub.io/images'];

function listedIn({ path, document }: About, chart: string): FoundImage[] {
  return annotations.flatMap((annotation) => {
    const value = childAt(document.root, 'annotations', annotation);
    if (value?.kind !== 'text') return [];
    const { documents } = readYaml(value.value, path);
    return documents
      .flatMap(({ root }) => itemsOf(root))
      .flatMap((item) => imageOf(item) ?? [])
      .filter(({ image }) => referenceIn(image) !== undefined)
      .map(({ image, line }) => ({
        image,
        source: `${chart}:${path}:${value.line + (value.isBlock ? line - 1 : 0)} annotations.${annotation}`,
        isSuspected: false,
      }));
  });
}

function imageOf(item: Node): { image: string; line: number } | undefined {
  const node = item.kind === 'map' ? item.entries.get('image') : item;
  return node?.kind === 'text' ? { image: node.value, line: node.line } : undefined;
}
