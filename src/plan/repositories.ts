import type { Inventory } from './inventory.ts';

export interface TargetRepositories {
  /** First path components of the target, `host/project`: Harbor, Quay and Artifactory want them made. */
  readonly projects: readonly string[];
  /** `host/repository`: ECR wants each made. */
  readonly repositories: readonly string[];
}

/** Everything in the target that must exist before a push, for registries that do not make it. */
export function targetRepositories(inventory: Inventory): TargetRepositories {
  const placed = inventory.images.flatMap(({ placements }) =>
    placements.map(({ reference }) => splitPlacement(reference).repository),
  );
  const { pullThrough } = inventory.target;
  const written = placed.filter((repository) => !isPullThrough(repository, pullThrough));
  const repositories = [...new Set([...written, bundleRepository(inventory)])].sort();
  return { projects: [...new Set(repositories.map(projectOf))].sort(), repositories };
}

/** Where `load` keeps the bundle itself: `host/<base path>/bundles/<name>`. */
export function bundleRepository({ target, name }: Pick<Inventory, 'target' | 'name'>): string {
  return [target.endpoint, target.baseContentPath, 'bundles', name].filter(Boolean).join('/');
}

/** Whether a `host/repository` is one of these `host/path` or under one: a proxy cache, which is never written. */
export function isPullThrough(repository: string, paths: readonly string[] = []): boolean {
  return paths.some((path) => repository === path || repository.startsWith(`${path}/`));
}

/** A placement's `host/repository:tag` in two. */
export function splitPlacement(reference: string): { repository: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

function projectOf(repository: string): string {
  return repository.split('/').slice(0, 2).join('/');
}
