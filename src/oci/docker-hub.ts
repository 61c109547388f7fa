/** Docker Hub's name in references, settings and results. */
export const dockerHub = 'docker.io';

/** Its older name, which references may still have (distribution/reference, "legacyDefaultDomain"). */
export const formerDockerHub = 'index.docker.io';

/** Where its API answers. */
export const dockerHubApi = 'registry-1.docker.io';

/** Its key in docker's config and helpers, for history's sake. */
export const dockerHubKey = 'https://index.docker.io/v1/';

export const dockerHubHosts: readonly string[] = [dockerHub, formerDockerHub, dockerHubApi];

export function isDockerHub(host: string): boolean {
  return dockerHubHosts.includes(host);
}
