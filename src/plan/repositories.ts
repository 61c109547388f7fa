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
    placements.map(({ reference }) => reference.slice(0, reference.lastIndexOf(':'))),
  );
  const written = placed.filter((repository) => !isPullThrough(inventory, repository));
  const repositories = [...new Set([...written, bundleRepository(inventory)])].sort();
  return { projects: [...new Set(repositories.map(projectOf))].sort(), repositories };
}

/** Where `load` keeps the bundle itself: `host/<base path>/bundles/<name>`. */
export function bundleRepository({ target, name }: Pick<Inventory, 'target' | 'name'>): string {
  return [target.endpoint, target.baseContentPath, 'bundles', name].filter(Boolean).join('/');
}

export function isPullThrough({ target }: Pick<Inventory, 'target'>, repository: string): boolean {
  return (target.pullThrough ?? []).some(
    (path) => repository === path || repository.startsWith(`${path}/`),
  );
}

function projectOf(repository: string): string {
  return repository.split('/').slice(0, 2).join('/');
}
