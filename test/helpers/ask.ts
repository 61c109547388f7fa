import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerIndex, dockerManifest, ociIndex, ociManifest } from '../../src/oci/media-types.ts';
import type { RequestLine, TestRegistry } from './registry.ts';

/** What a registry says that a tag or digest is, asked by a plain HEAD; its status where it says nothing. */
export async function digestAt(
  host: string,
  repository: string,
  reference: string,
): Promise<string> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${reference}`, {
    method: 'HEAD',
    headers: { accept: [ociIndex, ociManifest, dockerIndex, dockerManifest].join(', ') },
  });
  return answer.headers.get('docker-content-digest') ?? `HTTP ${answer.status}`;
}

/** The same for a full reference `HOST/REPOSITORY[:TAG][@DIGEST]`, whatever its host is called. */
export async function digestOfReference(host: string, reference: string): Promise<string> {
  const [name = '', digest] = reference.split('@');
  const path = name.slice(name.indexOf('/') + 1);
  const [repository = '', tag = 'latest'] = path.split(':');
  return digestAt(host, repository, digest ?? tag);
}

/** The registry's access log of what `work` makes it do. */
export async function requestsOf(
  registry: TestRegistry,
  work: () => Promise<unknown>,
): Promise<readonly RequestLine[]> {
  const from = await logged(registry);
  await work();
  const to = await logged(registry);
  return registry.requests().slice(from, to - 1);
}

/** Waits until the log shows a request of ours, and so all before it; resolves to its length then. */
async function logged(registry: TestRegistry): Promise<number> {
  const marker = `/v2/?marker=${randomUUID()}`;
  await fetch(`http://${registry.host}${marker}`);
  for (let tries = 0; tries < 200; tries++) {
    const at = registry.requests().findIndex(({ path }) => path === marker);
    if (at >= 0) return at + 1;
    await sleep(10);
  }
  throw new Error('the access log does not show our request');
}
