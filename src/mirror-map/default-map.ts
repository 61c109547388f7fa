import { referenceIn } from '../oci/reference.ts';

/** Where the images of clusters mostly come from. */
const commonRegistries = [
  ...['docker.io', 'gcr.io', 'ghcr.io', 'k8s.gcr.io', 'mcr.microsoft.com', 'public.ecr.aws'],
  ...['quay.io', 'registry.k8s.io', 'us-docker.pkg.dev'],
];

/**
 * A map for whoever has none: each source registry under its own name below the base path, so that no two images can
 * meet there.
 * @param base `host[:port]` with the base path
 * @param images whose registries are mapped too
 * @returns an entry a registry, in the order of their names
 */
export function defaultMap(base: string, images: readonly string[]): string[] {
  const named = images.flatMap((image) => referenceIn(image)?.registry ?? []);
  const registries = [...new Set([...commonRegistries, ...named])].sort();
  const [host = ''] = base.split('/');
  return registries
    .filter((registry) => registry !== host)
    .map((registry) => `${registry}::${base}/${registry.replace(':', '-')}`);
}
