import { type Lookup, lookupOf } from './lookup.ts';
import type { MirrorMap } from './map.ts';
import { PythonError, pathJoin } from './python.ts';
import { substitute } from './python-re.ts';

/** What the webhook does to an image; `error` is the name of the exception on which the pod is refused. */
export type WebhookAnswer =
  | { readonly swapped: boolean; readonly image: string }
  | { readonly error: string };

/**
 * What imageswap-webhook v1.5.3 makes of an image as a pod names it, by a map as it stands there.
 * However odd an answer looks: test/fixtures/image-swap-webhook.jsonl has the webhook's own.
 */
export function webhookImage(map: MirrorMap, image: string): WebhookAnswer {
  try {
    const swapped = swap(lookupOf(map), image);
    return { swapped: swapped !== undefined, image: swapped ?? image };
  } catch (thrown) {
    if (thrown instanceof PythonError) return { error: thrown.name };
    throw thrown;
  }
}

/** The new image, or undefined when the webhook leaves the pod alone. */
function swap(lookup: Lookup, image: string): string | undefined {
  const exact = lookup.exact.get(image);
  if (exact !== undefined) return exact;
  const replace = lookup.replace.find(({ matches }) => matches(image));
  if (replace) return pathJoin(replace.prefix, image.slice(image.lastIndexOf('/') + 1));
  if (lookup.fallback === undefined) return undefined;
  const registry = registryOf(image);
  const key = keyFor(lookup, registry, image);
  if (key !== undefined) return byKey(lookup, key, registry, image);
  // An empty noswap_wildcards is no pattern; an empty one in a list is, and matches everything.
  const { noswap } = lookup;
  const excluded = noswap.join('') !== '' || noswap.length > 1;
  if (excluded && noswap.some((part) => image.includes(part))) return undefined;
  return byDefault(lookup.fallback, registry, image);
}

/** The webhook's own idea of a registry: it has a dot. `localhost:5000/x` is on Docker Hub. */
function registryOf(image: string): string {
  const slash = image.indexOf('/');
  if (slash < 0) {
    const name = image.slice(0, image.search(/[:@]|$/));
    return name.includes('.') ? name : 'docker.io';
  }
  const first = image.slice(0, slash);
  return first.includes('.') && slash < image.length - 1 ? first : 'docker.io';
}

/** @throws PythonError KeyError when there is only `<registry>/library` and the image has a path */
function keyFor({ keys }: Lookup, registry: string, image: string): string | undefined {
  const bare = withoutPort(registry);
  const key = !keys.has(registry) && keys.has(bare) ? bare : registry;
  const library = `${key}/library`;
  if (!keys.has(library)) return keys.has(key) ? key : undefined;
  if (!image.includes('/')) return library;
  if (!keys.has(key)) throw new PythonError('KeyError', key);
  return key;
}

function byKey({ keys }: Lookup, key: string, registry: string, image: string): string | undefined {
  const value = keys.get(key) ?? '';
  if (value === '') return undefined;
  if (!value.endsWith('-')) return replaceOrPrefix(key, value, image);
  const cut = image.replace(/:[^\n]*\//, '/');
  const bare = withoutPort(registry);
  return cut.includes(bare) ? value + cut : `${value}${bare}/${cut}`;
}

function byDefault(value: string, registry: string, image: string): string | undefined {
  if (value === '') return undefined;
  if (value.endsWith('-')) return `${value}${withoutPort(registry)}/${image}`;
  return replaceOrPrefix(registry, value, image);
}

/** The source is taken as a regular expression, the value as its replacement, at every place it occurs. */
function replaceOrPrefix(source: string, value: string, image: string): string {
  return image.includes(source) ? substitute(source, value, image) : `${value}/${image}`;
}

function withoutPort(registry: string): string {
  const colon = registry.indexOf(':');
  return colon < 0 ? registry : registry.slice(0, colon);
}
