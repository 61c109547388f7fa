import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The stand-in for the AWS CLI on a PATH of its own, with its repositories. */
export interface FakeAws {
  readonly folder: string;
  /** For the run: PATH and where it keeps things. */
  readonly env: Readonly<Record<string, string>>;
  add(...repositories: string[]): Promise<void>;
  repositories(): Promise<string[]>;
  /** It answers every call like this: the service's code (`-`: the program fails by itself) and words. */
  trouble(line: string): Promise<void>;
  /** Operations (`CreateRepository`) that its identity may not do. */
  deny(...operations: string[]): Promise<void>;
  /** Arguments of each call so far. */
  calls(): Promise<string[][]>;
  /** Names of our own variables that it got. */
  ours(): Promise<string>;
  remove(): Promise<void>;
}

export async function makeFakeAws(): Promise<FakeAws> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-aws-'));
  const path = (...parts: string[]) => join(folder, ...parts);
  await mkdir(path('bin'));
  await mkdir(path('repositories'));
  await symlink(join(import.meta.dirname, '../helpers/fake-aws'), path('bin/aws'));
  const read = (name: string) => readFile(path(name), 'utf8').catch(() => '');
  const add = async (...names: string[]) => {
    for (const name of names) await writeFile(path('repositories', name.replaceAll('/', '+')), '');
  };
  return {
    folder,
    env: { PATH: [path('bin'), '/usr/bin', '/bin'].join(delimiter), FAKE_AWS: folder },
    add,
    repositories: async () =>
      (await readdir(path('repositories'))).map((name) => name.replaceAll('+', '/')).sort(),
    trouble: (line) => writeFile(path('trouble'), `${line}\n`),
    deny: (...operations) => writeFile(path('denied'), `${operations.join('\n')}\n`),
    calls: async () =>
      (await read('argv'))
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('\t')),
    ours: () => read('env'),
    remove: () => rm(folder, { recursive: true }),
  };
}
