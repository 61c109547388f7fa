import type { Inventory, InventoryTarget } from './inventory.ts';

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
  const { endpoint } = inventory.target;
  const projects = repositories.map(
    (repository) => `${endpoint}/${projectOf(repository.slice(endpoint.length + 1))}`,
  );
  return { projects: [...new Set(projects)].sort(), repositories };
}

/** Where everything of ours lies in the target: `host[/<base path>]`. */
export function basePath({
  endpoint,
  baseContentPath,
}: Pick<InventoryTarget, 'endpoint' | 'baseContentPath'>): string {
  return baseContentPath === '' ? endpoint : `${endpoint}/${baseContentPath}`;
}

/** Where `load` keeps the bundle itself: `host/<base path>/bundles/<name>`. */
export function bundleRepository({ target, name }: Pick<Inventory, 'target' | 'name'>): string {
  return `${basePath(target)}/bundles/${name}`;
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

/** The first part of a path in a registry: what Harbor calls a project, and where registries limit mounts. */
export function projectOf(path: string): string {
  return path.split('/', 1)[0] ?? path;
}
