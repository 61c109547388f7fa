import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
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
  act(steps: readonly object[], secrets: Secrets): Promise<ActRun>;
  /** The same, under way. */
  start(steps: readonly object[], secrets: Secrets): Promise<Running>;
  remove(): Promise<void>;
}

/** The repository of somebody who uses the Action from elsewhere. */
export interface Consumer {
  readonly folder: string;
  /** Runs a workflow of that repository. */
  act(workflow: string, event: WorkflowEvent, secrets: Secrets): Promise<ActRun>;
  remove(): Promise<void>;
}

export interface WorkflowEvent {
  readonly name: string;
  /** Of GitHub, as its webhook sends it. */
  readonly payload?: object;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<ActRun>;
}

type Secrets = Readonly<Record<string, string>>;

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
  const { home, folder } = await makeHome();
  await cp(join(root, 'action.yml'), join(folder, 'action.yml'));
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  await fill(folder);
  await commit(folder);
  const start = async (steps: readonly object[], secrets: Secrets): Promise<Running> => {
    const workflow = join(folder, '.github/workflows/test.yml');
    const checkout = { uses: 'actions/checkout@v4' };
    const jobs = { test: { 'runs-on': 'ubuntu-latest', steps: [checkout, ...steps] } };
    await writeFile(workflow, dump({ on: 'push', jobs }));
    return run({ home, folder }, ['push', '--workflows', workflow], secrets);
  };
  return {
    folder,
    start,
    act: async (steps, secrets) => (await start(steps, secrets)).ended,
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/**
 * @param action folder of the repository that the Action is in
 * @param name how workflows call it, with its ref
 * @param standIns action.yml of what stands for actions of others, by their names without a ref; else they do nothing
 */
export async function makeConsumer(
  action: string,
  name: string,
  fill: (folder: string) => Promise<unknown>,
  standIns: Readonly<Record<string, object>> = {},
): Promise<Consumer> {
  const { home, folder } = await makeHome();
  await fill(folder);
  await commit(folder);
  const others = join(home, 'others');
  await mkdir(others);
  await writeFile(join(others, 'action.yml'), dump(nothingToDo));
  const folderOf = (used: string): string => {
    const other = used.replace(/@.*/, '');
    return used === name ? action : other in standIns ? join(home, other) : others;
  };
  for (const [other, definition] of Object.entries(standIns)) {
    await mkdir(join(home, other), { recursive: true });
    await writeFile(join(home, other, 'action.yml'), dump(definition));
  }
  return {
    folder,
    act: async (workflow, event, secrets) => {
      const payload = join(home, 'event.json');
      await writeFile(payload, JSON.stringify(event.payload ?? {}));
      const flags = ['--workflows', join(folder, workflow), '--eventpath', payload];
      // act gets even the actions of steps that it will skip.
      const names = usedIn(await readFile(join(folder, workflow), 'utf8'));
      const local = names.flatMap((used) => ['--local-repository', `${used}=${folderOf(used)}`]);
      const running = await run({ home, folder }, [event.name, ...flags, ...local], secrets);
      return running.ended;
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

const nothingToDo = { name: 'nothing', runs: { using: 'composite', steps: [] } };

function usedIn(workflow: string): string[] {
  const all = [...workflow.matchAll(/uses: ([\w-]+\/[\w.-]+@\S+)/g)].map(([, name = '']) => name);
  return [...new Set(all)].filter((name) => !name.startsWith('actions/checkout@'));
}

/** A home for act and a folder for a repository; the first `node` is that of action.yml, which act does not look at. */
async function makeHome(): Promise<{ home: string; folder: string }> {
  const home = await mkdtemp(join(tmpdir(), 'airgap-act-'));
  const folder = join(home, 'repository');
  await mkdir(join(folder, '.github/workflows'), { recursive: true });
  await mkdir(join(home, 'bin'));
  await symlink(toolPath('node24'), join(home, 'bin/node'));
  return { home, folder };
}

/** act copies what git tracks. */
async function commit(folder: string): Promise<void> {
  await git(folder, 'init', '-q');
  await git(folder, 'add', '-A');
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  await git(folder, ...who, 'commit', '-qm', 'the Action and who uses it');
}

async function git(cwd: string, ...argv: string[]): Promise<void> {
  await execa('git', argv, { cwd, env: { GIT_CONFIG_GLOBAL: '/dev/null' } });
}

async function run(
  { home, folder }: { readonly home: string; readonly folder: string },
  argv: readonly string[],
  secrets: Secrets,
): Promise<Running> {
  const path = [join(home, 'bin'), dirname(toolPath('oras')), process.env.PATH].join(delimiter);
  const flags = ['--platform', 'ubuntu-latest=-self-hosted', '--json'];
  // A secret without a value is taken from act's environment.
  const named = Object.keys(secrets).flatMap((name) => ['--secret', name]);
  const child = execa(toolPath('act'), [...argv, ...flags, ...named], {
    cwd: folder,
    env: { HOME: home, PATH: path, ...secrets },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
  const end = async (): Promise<ActRun> => {
    const ended = await child;
    const lines = ended.stdout.split('\n').filter((line) => line.startsWith('{'));
    const events = lines.map((line) => JSON.parse(line) as ActEvent);
    return { exitCode: ended.exitCode ?? 1, events, shown: shownBy(events) };
  };
  return { pid: child.pid ?? 0, ended: end() };
}

/** act's JSON repeats what `add-mask` was given; its log, like the runner's, shows `***`. */
function shownBy(events: readonly ActEvent[]): string {
  return events
    .map((event) => (event.command === 'add-mask' ? event.msg : Object.values(event).join('\n')))
    .join('\n');
}

export const outputsOf = ({ events }: ActRun) =>
  Object.fromEntries(
    events.filter(({ command }) => command === 'set-output').map(({ name, arg }) => [name, arg]),
  );

/** From the line as it was: act splits data that holds `::` at the wrong place. */
export const commandsOf = ({ events }: ActRun, name: string) =>
  events
    .map(({ raw = '' }) => raw.trimEnd())
    .flatMap((raw) => new RegExp(`^::${name}(?: [^:]*)?::(.*)$`, 's').exec(raw)?.[1] ?? [])
    .map(decodeURIComponent);

export const summaryOf = ({ events }: ActRun) =>
  events.find(({ command }) => command === 'summary')?.content ?? '';

/** How the step with this id ended: `Main success`, `Post success`. */
export const resultsOf = ({ events }: ActRun, id = 'bundle') =>
  events
    .filter(({ stepID, stepResult }) => stepID?.[0] === id && stepResult)
    .map(({ stage, stepResult }) => `${stage} ${stepResult}`);
