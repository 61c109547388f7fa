import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, startRegistry, type TestRegistry } from '../test/helpers/registry.ts';
import type { Corpus } from './corpus.ts';
import { cpuOfProcess } from './processes.ts';
import type { Profile } from './profiles.ts';

/** A registry as contestants meet it. */
export interface Side {
  /** What contestants ask: the registry, or the proxy before it. */
  readonly host: string;
  readonly registry: TestRegistry;
  /** CPU seconds of the registry since it was started. */
  cpu(): number;
  close(): Promise<void>;
}

const runner = join(import.meta.dirname, '..', 'scripts', 'run-ts.mjs');
const proxyFile = join(import.meta.dirname, 'delay-proxy.ts');

/** The registry over a corpus, which nobody can change. */
export async function openSource(corpus: Corpus, profile: Profile): Promise<Side> {
  const registry = await startRegistry({ folder: corpus.folder, readOnly: true });
  return side(registry, profile, { keep: true });
}

/** @param folder its storage, which goes with it */
export async function openTarget(profile: Profile, folder: string): Promise<Side> {
  return side(await startRegistry({ folder }), profile, {});
}

async function side(
  registry: TestRegistry,
  profile: Profile,
  stopping: { keep?: boolean },
): Promise<Side> {
  const port = Number(registry.host.split(':')[1]);
  const proxy = profile.delayMs > 0 ? await startProxy(port, profile.delayMs) : undefined;
  return {
    host: proxy?.host ?? registry.host,
    registry,
    cpu: () => cpuOfProcess(registry.folder),
    close: async () => {
      proxy?.stop();
      await registry.stop(stopping);
    },
  };
}

async function startProxy(upstream: number, delayMs: number) {
  const port = await freePort();
  const words = [runner, proxyFile, port, upstream, delayMs].map(String);
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  await once(child.stdout, 'data');
  const stop = () => {
    process.off('exit', killWithUs);
    child.kill();
  };
  return { host: `127.0.0.1:${port}`, stop };
}
