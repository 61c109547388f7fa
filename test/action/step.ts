import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { toolPath } from '../helpers/tools.ts';

const program = join(import.meta.dirname, '../../dist/action.js');

/** A step of a job as the runner starts it, without the runner: inputs and files by environment. */
export interface Step {
  readonly workspace: string;
  /** RUNNER_TEMP. */
  readonly temporary: string;
  start(inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): Running;
  run(
    inputs: Readonly<Record<string, string>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<Ended>;
  /** Paths of what is left in RUNNER_TEMP. */
  left(): Promise<string[]>;
  remove(): Promise<void>;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly exitCode: number | null;
  /** Both streams: the runner reads both. */
  readonly log: string;
  /** What the log says to people: without the lines that name a secret to the runner. */
  readonly shown: string;
  readonly commands: readonly Command[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly state: Readonly<Record<string, string>>;
}

export interface Command {
  readonly name: string;
  readonly text: string;
  readonly properties: Readonly<Record<string, string>>;
}

export async function makeStep(): Promise<Step> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-step-'));
  const [workspace, temporary] = [join(folder, 'workspace'), join(folder, 'temp')];
  await mkdir(workspace);
  await mkdir(temporary);
  const start: Step['start'] = (inputs, env = {}) => {
    const child = spawn(process.execPath, [program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: [dirname(toolPath('oras')), process.env.PATH].join(delimiter),
        HOME: folder,
        GITHUB_WORKSPACE: workspace,
        RUNNER_TEMP: temporary,
        ...files(folder),
        ...env,
        ...Object.fromEntries(
          Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
        ),
      },
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString();
      });
    }
    const end = async (): Promise<Ended> => {
      const [exitCode] = (await once(child, 'close')) as [number | null];
      return { exitCode, log, ...readLog(log), ...(await readFiles(folder)) };
    };
    return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), ended: end() };
  };
  return {
    workspace,
    temporary,
    start,
    run: async (inputs, env) => {
      for (const path of Object.values(files(folder))) await writeFile(path, '');
      return start(inputs, env).ended;
    },
    left: async () => (await readdir(temporary, { recursive: true })).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function files(folder: string) {
  return {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_STATE: join(folder, 'state'),
  };
}

async function readFiles(folder: string) {
  const { GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, GITHUB_STATE } = files(folder);
  return {
    outputs: pairs(await readFile(GITHUB_OUTPUT, 'utf8')),
    summary: await readFile(GITHUB_STEP_SUMMARY, 'utf8'),
    state: pairs(await readFile(GITHUB_STATE, 'utf8')),
  };
}

/** `NAME<<DELIMITER`, the value, `DELIMITER`. */
function pairs(text: string): Record<string, string> {
  const found = text.matchAll(/^(\S+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value]));
}

function readLog(log: string): Pick<Ended, 'shown' | 'commands'> {
  const lines = log.split(/\r\n|\r|\n/);
  return {
    shown: lines.filter((line) => !line.startsWith('::add-mask::')).join('\n'),
    commands: lines.flatMap((line) => commandIn(line) ?? []),
  };
}

/** As the runner finds them (actions/runner, ActionCommand.cs): behind leading space, or the old form anywhere. */
function commandIn(line: string): Command | undefined {
  const found =
    /^\s*::([^ :]+)([^:]*)::(.*)$/.exec(line) ?? /##\[([^ \]]+)([^\]]*)\](.*)$/.exec(line);
  if (!found) return undefined;
  const [, name = '', properties = '', text = ''] = found;
  return { name, text: decodeURIComponent(text), properties: propertiesIn(properties) };
}

function propertiesIn(text: string): Record<string, string> {
  const pairs = text
    .trim()
    .split(',')
    .map((pair) => pair.split('='));
  return Object.fromEntries(
    pairs.map(([name = '', value = '']) => [name, decodeURIComponent(value)]),
  );
}
