import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './registry.ts';
import { toolPath } from './tools.ts';

export interface SimpleRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** `crane registry serve`, or the same with the referrers API; everything in memory. */
export async function startSimpleRegistry(
  program: 'crane' | 'referrers-registry',
): Promise<SimpleRegistry> {
  const host = `127.0.0.1:${await freePort()}`;
  const words = program === 'crane' ? ['registry', 'serve', '--address', host] : [host];
  const child = spawn(toolPath(program), words, { stdio: 'ignore' });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  await answering(host, child);
  return {
    host,
    stop: async () => {
      process.off('exit', kill);
      if (child.exitCode !== null) return;
      kill();
      await once(child, 'exit');
    },
  };
}

async function answering(host: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(10);
  }
  child.kill('SIGKILL');
  throw new Error(`${host} does not answer`);
}
