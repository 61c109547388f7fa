import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type HostOptions, type JumpHost, makeJumpHost } from './jump-host.ts';
import { type BundleOptions, keyPair, makeBundle } from './make-bundle.ts';

let folder: string;
/** Run after each test, the last one first. */
export const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  cleanups.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A jump host. */
export async function on(options?: HostOptions): Promise<JumpHost> {
  const made = await makeJumpHost(options);
  cleanups.push(made.remove);
  return made;
}
/** A real registry. */
export async function registry(
  options: Parameters<typeof startRegistry>[0] = {},
): Promise<TestRegistry> {
  const started = await startRegistry(options);
  cleanups.push(started.stop);
  return started;
}
/** A bundle for a target registry, and the arguments that install.sh takes for it. */
export async function bundleFor(endpoint: string, more: Partial<BundleOptions> = {}) {
  const bundle = await makeBundle({ folder, endpoint, key: 'ed25519', ...more });
  return { ...bundle, args: [bundle.path, '--key', keyPair(folder, 'ed25519').pub] };
}
