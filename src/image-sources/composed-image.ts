import { childAt, type MapNode, type TextNode, textAt } from './node.ts';
import { looksLikeImage } from './shape.ts';

/** An image that is written in parts. */
export interface ComposedImage {
  readonly image: string;
  /** Of its name. */
  readonly line: number;
  /** The mapping's own `image` is one of the parts. */
  readonly hasImage: boolean;
}

/**
 * The images that a mapping names in parts: `{registry, repository, tag, digest}`, `{repository, image, version}`,
 * the same with a common beginning (`trivy.repository`, `imageTag`), or Istio's `{hub, tag, proxy: {image}}`.
 * @param key under which the mapping stands
 */
export function composedImages(map: MapNode, key: string): ComposedImage[] {
  return [...inParts(map, key), ...withBeginning(map), ...inHub(map)].filter(({ image }) =>
    looksLikeImage(image, true),
  );
}

function inParts(map: MapNode, key: string): ComposedImage[] {
  const repository = textAt(map, 'repository');
  const image = textAt(map, 'image');
  const registry = textAt(map, 'registry');
  const version = textAt(map, 'newTag') ?? textAt(map, 'tag') ?? textAt(map, 'version');
  const digest = textAt(map, 'digest') ?? textAt(map, 'sha');
  if (image && (repository || registry)) {
    const name = under(registry, under(repository, image));
    return joined(name, version, digest, lineAt(map, 'image'), true);
  }
  if (repository) {
    return joined(under(registry, repository), version, digest, lineAt(map, 'repository'));
  }
  const name = textAt(map, 'newName') ?? textAt(map, 'name');
  if (!/images?$/i.test(key) || !name?.includes('/')) return [];
  return joined(under(registry, name), version, digest, lineAt(map, 'name'));
}

function withBeginning(map: MapNode): ComposedImage[] {
  return [...map.entries.keys()].flatMap((key) => {
    const [, beginning, ending] = /^(.*(?:[._-]|[a-z]))((?:r|R)epository)$/.exec(key) ?? [];
    const name = textAt(map, key);
    if (beginning === undefined || !name?.includes('/')) return [];
    const part = (word: string) =>
      textAt(map, `${beginning}${ending === 'repository' ? word : capital(word)}`);
    return joined(under(part('registry'), name), part('tag'), part('digest'), lineAt(map, key));
  });
}

function inHub(map: MapNode): ComposedImage[] {
  const [hub, tag] = [textAt(map, 'hub'), textAt(map, 'tag')];
  if (!hub || !tag) return [];
  return [...map.entries.values()].flatMap((child) => {
    const image = textAt(child, 'image');
    if (!image || !/^[\w.-]+$/.test(image) || child.kind !== 'map') return [];
    return joined(under(hub, image), tag, undefined, lineAt(child, 'image'));
  });
}

/** Without a version it is not known which image is meant. */
function joined(
  name: string,
  version: string | undefined,
  digest: string | undefined,
  line: number,
  hasImage = false,
): ComposedImage[] {
  if (!version && !digest) return [];
  const tag = version ? `${version.startsWith('sha256:') ? '@' : ':'}${version}` : '';
  const pin = digest ? `@${digest.includes(':') ? '' : 'sha256:'}${digest}` : '';
  return [{ image: `${name}${tag}${pin}`, line, hasImage }];
}

function under(parent: string | undefined, name: string): string {
  return parent ? `${parent.replace(/\/$/, '')}/${name}` : name;
}

function lineAt(map: MapNode, key: string): number {
  return (childAt(map, key) as TextNode | undefined)?.line ?? 0;
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
