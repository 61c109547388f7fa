import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { dump } from 'js-yaml';
import { toolPath } from '../helpers/tools.ts';

const root = join(import.meta.dirname, '../..');

/** A checkout that holds the Action as it is shipped, and act, which runs workflows there on this host. */
export interface Checkout {
  readonly folder: string;
  /** Runs one job of these steps, after a checkout step. */
  act(steps: readonly object[], secrets: Readonly<Record<string, string>>): Promise<ActRun>;
  remove(): Promise<void>;
}

export interface ActRun {
  readonly exitCode: number;
  readonly events: readonly ActEvent[];
  /** What the log shows to people. */
  readonly shown: string;
}

/** A line of `act --json`. */
export interface ActEvent {
  readonly msg: string;
  readonly command?: string;
  /** The command's data. */
  readonly arg?: string;
  /** The line that held the command. */
  readonly raw?: string;
  /** Name of an output. */
  readonly name?: string;
  /** The job summary. */
  readonly content?: string;
  readonly stepID?: readonly string[];
  readonly stepResult?: string;
  readonly stage?: string;
}

/** @param fill adds the files of the repository that uses the Action */
export async function makeCheckout(fill: (folder: string) => Promise<unknown>): Promise<Checkout> {
  const home = await mkdtemp(join(tmpdir(), 'airgap-act-'));
  const folder = join(home, 'repository');
  await mkdir(join(folder, '.github/workflows'), { recursive: true });
  await cp(join(root, 'action.yml'), join(folder, 'action.yml'));
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  await fill(folder);
  // act copies what git tracks, and runs the first `node` on PATH whatever action.yml declares.
  await git(folder, 'init', '-q');
  await git(folder, 'add', '-A');
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  await git(folder, ...who, 'commit', '-qm', 'the Action and who uses it');
  await mkdir(join(home, 'bin'));
  await symlink(toolPath('node24'), join(home, 'bin/node'));
  return {
    folder,
    act: (steps, secrets) => run(home, folder, steps, secrets),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

async function git(cwd: string, ...argv: string[]): Promise<void> {
  await execa('git', argv, { cwd, env: { GIT_CONFIG_GLOBAL: '/dev/null' } });
}

async function run(
  home: string,
  folder: string,
  steps: readonly object[],
  secrets: Readonly<Record<string, string>>,
): Promise<ActRun> {
  const workflow = join(folder, '.github/workflows/test.yml');
  const checkout = { uses: 'actions/checkout@v4' };
  const jobs = { test: { 'runs-on': 'ubuntu-latest', steps: [checkout, ...steps] } };
  await writeFile(workflow, dump({ on: 'push', jobs }));
  const path = [join(home, 'bin'), dirname(toolPath('oras')), process.env.PATH].join(delimiter);
  const flags = ['--workflows', workflow, '--platform', 'ubuntu-latest=-self-hosted', '--json'];
  // A secret without a value is taken from act's environment.
  const named = Object.keys(secrets).flatMap((name) => ['--secret', name]);
  const ended = await execa(toolPath('act'), ['push', ...flags, ...named], {
    cwd: folder,
    env: { HOME: home, PATH: path, ...secrets },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
  const lines = ended.stdout.split('\n').filter((line) => line.startsWith('{'));
  const events = lines.map((line) => JSON.parse(line) as ActEvent);
  return { exitCode: ended.exitCode ?? 1, events, shown: shownBy(events) };
}

/** act's JSON repeats what `add-mask` was given; its log, like the runner's, shows `***`. */
function shownBy(events: readonly ActEvent[]): string {
  return events
    .map((event) => (event.command === 'add-mask' ? event.msg : Object.values(event).join('\n')))
    .join('\n');
}
