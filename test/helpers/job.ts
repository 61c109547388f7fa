import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { dump } from 'js-yaml';
import { makeChart } from './chart.ts';
import { type InTerminal, startInTerminal } from './terminal.ts';
import { toolPath } from './tools.ts';

/** The program as it is shipped. */
let program = join(import.meta.dirname, '../../dist/bundle.js');

/** For a long run, which a build in the middle of it would disturb: bundles carry the program. @param path of bundle.js */
export function useProgram(path: string): void {
  program = path;
}

/** A user's work folder, and the built program run in it with nothing of this machine's settings. */
export interface Job {
  readonly folder: string;
  /** A path in the folder. */
  path(...parts: string[]): string;
  /** Text and bytes as they are, anything else as YAML. */
  write(name: string, content: string | Buffer | object): Promise<string>;
  /** Writes bundle.yaml: the given fields over those of `bundleYaml`. */
  bundle(target: string, fields?: object): Promise<void>;
  run<Result = Outcome>(...argv: string[]): Promise<Ended<Result>>;
  runWith<Result = Outcome>(how: How, ...argv: string[]): Promise<Ended<Result>>;
  /** Starts it in a terminal of 80 columns and 24 rows. */
  inTerminal(how: Pick<How, 'env'>, ...argv: string[]): InTerminal;
  /** Runs with `--output json` and fails unless it ends with 0. */
  done<Result = Outcome>(...argv: string[]): Promise<Result>;
  remove(): Promise<void>;
}

export interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Words before `node`: `strace -f …`. */
  readonly prefix?: readonly string[];
  /** Ends the run by SIGTERM. */
  readonly stop?: AbortSignal;
}

export interface Ended<Result> {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON document that it must be. */
  readonly json: Result;
}

/** What the verbs print, as far as tests read it. */
export interface Outcome {
  readonly inventory: OutcomeInventory;
  readonly problems: readonly { kind: string; severity: string; message: string; cure: string }[];
  readonly images: readonly {
    source: string;
    digest: string;
    placements: readonly { reference: string; state: string }[];
  }[];
  readonly counts: Readonly<Record<string, number>>;
  readonly errors: readonly {
    class: string;
    exitCode: number;
    message: string;
    given?: string;
    expected?: string;
    next?: string;
  }[];
  readonly bundle: string;
  readonly sha256: string;
}

export interface OutcomeInventory {
  readonly sequence: number;
  readonly root: { digest: string };
  readonly target: { readonly mirrorMap: string };
  readonly images: readonly {
    source: string;
    digest: string;
    mediaType: string;
    placements: readonly { reference: string; askedForBy: string }[];
  }[];
  readonly files: readonly { path: string; size: number; sha256: string; mode: number }[];
  readonly blobs: readonly { digest: string; size: number }[];
}

/** `env` holds for every run of the job. */
export async function startJob(env: Readonly<Record<string, string>> = {}): Promise<Job> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-job-'));
  const path = (...parts: string[]) => join(folder, ...parts);
  for (const name of ['home', 'state', 'tmp']) await mkdir(path(name));
  const own = { ...cleanEnvironment(folder), ...env };
  const runWith: Job['runWith'] = async (how, ...argv) => {
    const [command = 'node', ...words] = [...(how.prefix ?? []), process.execPath, program];
    const ended = await execa(command, [...words, ...argv], {
      cwd: how.cwd ?? folder,
      env: { ...own, ...how.env },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      ...(how.stop && { cancelSignal: how.stop }),
    });
    const { stdout, stderr, exitCode = 1 } = ended;
    return { exitCode, stdout, stderr, json: json(stdout) };
  };
  const write: Job['write'] = async (name, content) => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(
      path(name),
      typeof content === 'string' || Buffer.isBuffer(content) ? content : dump(content),
    );
    return path(name);
  };
  return {
    folder,
    path,
    write,
    runWith,
    run: (...argv) => runWith({}, ...argv),
    inTerminal: ({ env: more }, ...argv) => {
      return startInTerminal([process.execPath, program, ...argv], {
        cwd: folder,
        env: { ...own, ...more },
      });
    },
    done: async <Result>(...argv: string[]) => {
      const ended = await runWith<Result>({}, ...argv, '--output', 'json');
      if (ended.exitCode === 0) return ended.json;
      throw new Error(`${argv.join(' ')} ended with ${ended.exitCode}\n${ended.stderr}`);
    },
    bundle: async (target, fields = {}) => {
      await write('bundle.yaml', { ...bundleYaml(target), ...fields });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A job with keys (`bundle.key`, `bundle.pub`) and a chart, as most need it. */
export async function startKeyedJob(env: Readonly<Record<string, string>> = {}): Promise<Job> {
  const job = await startJob(env);
  await makeChart(job.folder, { spelling: 'nested' });
  await job.done('keygen', '--out', 'bundle.key');
  return job;
}

/** The section that every test needs; `docker.io` and `quay.io` are mapped. */
export function bundleYaml(target: string): object {
  return {
    apiVersion: 'airgap-bundle/v1',
    name: 'sample',
    version: '1.0.0',
    ociImageRegistry: section(target),
    imageSwap: { chart: './image-swap-1.5.3.tgz' },
    signing: { key: 'bundle.key' },
  };
}

export function section(target: string): Record<string, unknown> {
  return {
    endpoint: target,
    name: 'private',
    baseContentPath: 'm',
    insecureSkipVerify: false,
    mirrorRegistries: `docker.io::${target}/m/docker.io,quay.io::${target}/m/quay.io`,
  };
}

/** `registries`: the source stands for these registries, and it and the target speak plain HTTP. */
export function reached(source: string, target: string, names = ['docker.io', 'quay.io']): object {
  return {
    ...Object.fromEntries(names.map((name) => [name, { mirror: `${source}/${name}` }])),
    [source]: { plainHttp: true },
    [target]: { plainHttp: true },
  };
}

/** Temporary files, state and the docker config lie in the job's folder, where tests can look at them. */
function cleanEnvironment(folder: string): Record<string, string> {
  return {
    PATH: [dirname(toolPath('oras')), '/usr/bin', '/bin'].join(delimiter),
    HOME: join(folder, 'home'),
    XDG_STATE_HOME: join(folder, 'state'),
    TMPDIR: join(folder, 'tmp'),
  };
}

function json<Result>(stdout: string): Result {
  try {
    return JSON.parse(stdout) as Result;
  } catch {
    return undefined as Result;
  }
}
