import { resolve } from 'node:path';
import { execa } from 'execa';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

/** Which cluster, as kubectl and helm take it; what is absent they find by themselves. */
export interface ClusterAt {
  /** Path. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** kubectl and helm from PATH, for what only reads. */
export class ClusterTools {
  readonly #at: ClusterAt;
  readonly #context: Context;

  constructor({ kubeconfig, context }: ClusterAt, run: Context) {
    this.#at = {
      kubeconfig: kubeconfig === undefined ? undefined : resolve(run.cwd, kubeconfig),
      context,
    };
    this.#context = run;
  }

  /** Its standard output. @throws AirgapError tool, cluster */
  kubectl(...args: string[]): Promise<string> {
    const { kubeconfig, context } = this.#at;
    const at = [...flag('--kubeconfig', kubeconfig), ...flag('--context', context)];
    return this.#run('kubectl', [...at, '--request-timeout=60s', ...args]);
  }

  /** Its standard output. @throws AirgapError tool, cluster */
  helm(...args: string[]): Promise<string> {
    const { kubeconfig, context } = this.#at;
    const at = [...flag('--kubeconfig', kubeconfig), ...flag('--kube-context', context)];
    return this.#run('helm', [...args, ...at]);
  }

  /** An object, or undefined where there is none. @throws AirgapError tool, cluster */
  async get<Kind>(kind: string, name: string, namespace?: string): Promise<Kind | undefined> {
    const at = flag('--namespace', namespace);
    const found = await this.kubectl('get', kind, name, ...at, '--ignore-not-found', '-o', 'json');
    return found.trim() === '' ? undefined : JSON.parse(found);
  }

  /** All objects of a kind. @param args `--namespace`, `--selector` @throws AirgapError tool, cluster */
  async list<Kind>(kind: string, ...args: string[]): Promise<readonly Kind[]> {
    return JSON.parse(await this.kubectl('get', kind, ...args, '-o', 'json')).items;
  }

  async #run(tool: Tool, args: readonly string[]): Promise<string> {
    const { cwd, env, signal } = this.#context;
    // Logins by a program of a cloud need their own variables; none of them needs ours.
    const theirs = Object.entries(env).filter(([name]) => !name.startsWith('AIRGAP_BUNDLE_'));
    const {
      stdout,
      stderr,
      failed,
      code,
      signal: killedBy,
    } = await execa(tool, args, {
      env: Object.fromEntries(theirs),
      extendEnv: false,
      cwd,
      stdin: 'ignore',
      cancelSignal: signal,
      reject: false,
      maxBuffer: 1024 ** 3,
    });
    if (!failed) return stdout;
    signal.throwIfAborted();
    if (code === 'ENOENT' || code === 'EACCES') throw missing(tool, code);
    const given = words(stderr) || killedBy || code;
    throw new AirgapError('cluster', `${tool} ${verb(args)} failed`, {
      given,
      next: 'mend what it says, or give another --kubeconfig or --context; then run again',
    });
  }
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}

/** `get secret registry-info` */
function verb(args: readonly string[]): string {
  return args
    .filter((arg) => !arg.startsWith('-'))
    .slice(0, 3)
    .join(' ');
}

/** Without warnings and the log lines of its libraries. */
function words(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !/^(?:[EWI]\d{4} |[Ww]arning: )/.test(line));
  return lines.join('\n').trim().slice(-1000);
}

type Tool = keyof typeof homes;

const homes = {
  kubectl: 'https://kubernetes.io/docs/tasks/tools/',
  helm: 'https://helm.sh/docs/intro/install/',
} as const;

function missing(tool: Tool, code: string): AirgapError {
  return new AirgapError('tool', `${tool} was not found`, {
    given: code === 'ENOENT' ? `no ${tool} on PATH` : `${tool}: ${code}`,
    next: `install it: ${homes[tool]}`,
  });
}

/** Whether the API server knows the login and does not let it do this. */
export function isForbidden({ class: name, given = '' }: AirgapError): boolean {
  return name === 'cluster' && /\bforbidden\b/i.test(given);
}
