import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startRegistry } from '../test/helpers/registry.ts';
import { toolPath } from '../test/helpers/tools.ts';

/** Real registries: distribution v3, Debian's docker-registry 2.8, `crane registry serve`. */
export const kinds = ['distribution', 'debian', 'crane'] as const;
export type Kind = (typeof kinds)[number];

export interface Registry {
  /** `127.0.0.1:PORT`; stays through `empty`. */
  readonly host: string;
  /** Forgets all it has. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function openRegistry(kind: Kind): Promise<Registry> {
  if (kind === 'crane') return openCrane();
  const program = kind === 'debian' ? 'docker-registry' : 'registry';
  const { host, folder, stop } = await startRegistry({ program });
  const storage = join(folder, 'storage');
  return { host, stop: () => stop(), empty: () => rm(storage, { recursive: true, force: true }) };
}

/** It keeps manifests in memory alone, so that to forget them is to start again. */
async function openCrane(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-crane-'));
  const host = `127.0.0.1:${await freePort()}`;
  let running = await startCrane(host, folder);
  const kill = () => running.kill('SIGKILL');
  process.once('exit', kill);
  const end = async () => {
    const ended = once(running, 'exit');
    kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return {
    host,
    empty: async () => {
      await end();
      running = await startCrane(host, folder);
    },
    stop: async () => {
      process.off('exit', kill);
      await end();
    },
  };
}

async function startCrane(host: string, folder: string): Promise<ChildProcess> {
  await mkdir(folder, { recursive: true });
  const words = ['registry', 'serve', '--address', host, '--disk', folder];
  const child = spawn(toolPath('crane'), words, { stdio: 'ignore' });
  for (let tries = 0; tries < 400; tries++) {
    if (
      await fetch(`http://${host}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return child;
    await sleep(10);
  }
  child.kill('SIGKILL');
  throw new Error('crane registry serve does not answer');
}
