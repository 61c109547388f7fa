import { execFileSync } from 'node:child_process';

export const key = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], {
  encoding: 'utf8',
});

/** Of a step that brings one image from `source`, which stands for docker.io, to `host`. */
export function sampleInputs(
  source: string,
  host: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    name: 'sample',
    'bundle-version': '1.0.0',
    environment: 'non-airgap',
    endpoint: host,
    'registry-name': 'private',
    'base-content-path': 'm',
    'mirror-registries': `docker.io::${host}/m/docker.io`,
    images: 'nginx:1',
    'registry-mirrors': `docker.io=${source}`,
    'plain-http': `${source}\n${host}`,
    'signing-key': key,
    ...more,
  };
}
