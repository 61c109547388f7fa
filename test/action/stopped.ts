import { readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFrontProxy } from '../helpers/proxy.ts';
import type { Setting } from './setting.ts';

interface Child {
  readonly pid: string;
  readonly environ: string;
  readonly cmdline: string;
}

/** Starts a mirror whose uploads never end, and stops it once oras has one under way. */
export async function stopped(
  on: Setting,
  signal: NodeJS.Signals,
  host: string,
  more: Readonly<Record<string, string>> = {},
) {
  const upstream = await startFrontProxy(host);
  let uploading = () => {};
  const isUploading = new Promise<void>((resolve) => {
    uploading = resolve;
  });
  upstream.rules.push(({ method, headers }) => {
    if (!/^(PUT|PATCH)$/.test(method) || !headers['user-agent']?.startsWith('oras'))
      return undefined;
    uploading();
    return new Promise(() => {});
  });
  try {
    for (const name of ['output', 'summary', 'state']) {
      await writeFile(join(on.step.workspace, '..', name), '');
    }
    // Its own path, so that no other test has filled it.
    const path = `m/${signal}`.toLowerCase();
    const given = { command: 'mirror', 'base-content-path': path, ...more };
    const map = { 'mirror-registries': `docker.io::${upstream.host}/${path}` };
    const running = on.step.start(on.inputs(upstream.host, { ...given, ...map }));
    await Promise.race([isUploading, running.ended]);
    const children = childrenOf(running.pid);
    const keyFile = (await on.step.left()).find((file) => file.endsWith('signing.key')) ?? '';
    const modeOf = (file: string) => statSync(join(on.step.temporary, file)).mode & 0o777;
    const modes = keyFile && { mode: modeOf(keyFile), folder: modeOf(join(keyFile, '..')) };
    running.kill(signal);
    return { children, key: modes, ended: await running.ended };
  } finally {
    await upstream.stop();
  }
}

function childrenOf(parent: number): Child[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) =>
        read(`/proc/${pid}/stat`)
          .replace(/^.*\) /, '')
          .split(' ')[1] === `${parent}`,
    )
    .map((pid) => ({
      pid,
      environ: read(`/proc/${pid}/environ`),
      cmdline: read(`/proc/${pid}/cmdline`),
    }));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
