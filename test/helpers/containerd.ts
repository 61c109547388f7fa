import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { toolPath } from './tools.ts';

export interface Containerd {
  /** Runs `ctr` against it; resolves to its standard output. */
  ctr(...argv: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** A real containerd (root only) with root, state and socket in a temporary folder; without CRI. */
export async function startContainerd(): Promise<Containerd> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-containerd-'));
  const address = join(folder, 'containerd.sock');
  await writeFile(join(folder, 'config.toml'), configuration(folder, address));
  const child = spawn(toolPath('containerd'), ['-c', join(folder, 'config.toml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const run = (...argv: string[]) =>
    execa(toolPath('ctr'), ['--address', address, '--namespace', 'test', ...argv]);
  for (let tries = 0; !log.includes('successfully booted'); tries++) {
    if (child.exitCode !== null || tries > 400) throw new Error(`containerd did not start: ${log}`);
    await sleep(50);
  }
  return {
    ctr: async (...argv) => (await run(...argv)).stdout,
    stop: async () => {
      process.off('exit', killWithUs);
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, address: string): string {
  return `
version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "${address}"
`;
}
