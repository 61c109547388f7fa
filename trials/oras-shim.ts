import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { toolPath } from '../test/helpers/tools.ts';

/** A program that stands on PATH as oras. */
export interface Shim {
  /** Environment of a run that finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts so far: when, in milliseconds since 1970, and the arguments. */
  starts(): Promise<readonly { readonly at: number; readonly words: string }[]>;
  remove(): Promise<void>;
}

/** @param body shell; `real` is the real oras. Default: does what it does. */
export async function makeShim(body = 'exec "$real" "$@"'): Promise<Shim> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-shim-'));
  const log = join(folder, 'starts');
  await writeFile(log, '');
  const lines = [
    '#!/bin/sh',
    `echo "$(date +%s%3N) $*" >> ${log}`,
    `real=${toolPath('oras')}`,
    body,
  ];
  await writeFile(join(folder, 'oras'), `${lines.join('\n')}\n`);
  await chmod(join(folder, 'oras'), 0o755);
  return {
    env: { PATH: [folder, '/usr/bin', '/bin'].join(delimiter) },
    starts: async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean).map(startOf),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function startOf(line: string): { at: number; words: string } {
  const space = line.indexOf(' ');
  return { at: Number(line.slice(0, space)), words: line.slice(space + 1) };
}
