import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { expect } from 'vitest';
import { installScriptPath } from '../../src/install/assets.ts';
import { toolPath } from '../helpers/tools.ts';

export const shells = {
  dash: ['dash'],
  'busybox sh': ['busybox', 'sh'],
  'bash --posix': ['bash', '--posix'],
  mksh: ['mksh'],
} as const;
export type Shell = keyof typeof shells;

export interface HostOptions {
  readonly shell?: Shell;
  /** Tools that are not on its PATH. */
  readonly without?: readonly string[];
  /** Programs that stand on PATH in place of the real ones. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Every call of every tool is written down with its arguments and its environment. */
  readonly recording?: boolean;
  /** kubectl and this helm are the real ones: the cluster is that of --kubeconfig. */
  readonly real?: 'helm' | 'helm4';
  /** Node is on its PATH too. */
  readonly node?: boolean;
  /** A command that runs the script, such as strace. */
  readonly prefix?: readonly string[];
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A host behind the gap: a PATH of its own without Node, its own temporary folder, a stand-in cluster. */
export interface JumpHost {
  readonly folder: string;
  install(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Arguments and environment of all children, when recording. */
  record(): Promise<string>;
  /** The calls of kubectl or helm, each its arguments. */
  calls(tool: 'kubectl' | 'helm'): Promise<string[][]>;
  /** What is in the "cluster". */
  applied(kind: 'Secret' | 'ConfigMap'): Promise<{ data: Record<string, string> } | undefined>;
  rendered(): Promise<Record<string, unknown>[]>;
  /** What is left in its temporary folder. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

const plainTools =
  'tar awk sed tr fold cmp od date mktemp printf grep cat rm ln head tail cut mkdir chmod uname sleep sha256sum cp env mv dd ls'.split(
    ' ',
  );
const realTools = ['openssl', 'oras'];
const script = installScriptPath();

export async function makeJumpHost(options: HostOptions = {}): Promise<JumpHost> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-host-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['bin', 'tmp', 'cluster', 'helm']) await mkdir(at(name));
  await writeFile(at('cluster/namespaces'), 'default\njet-system\n');
  await fillPath(at('bin'), at('record'), options);
  const [shell = '', ...shellArgs] = shells[options.shell ?? 'dash'];
  const [command = '', ...words] = [...(options.prefix ?? []), toolPath(shell), ...shellArgs];
  const read = (name: string) => readFile(at(name), 'utf8').catch(() => '');
  return {
    folder,
    install: (args, env = {}) =>
      execute(command, [...words, script, ...args], folder, {
        PATH: at('bin'),
        HOME: folder,
        TMPDIR: at('tmp'),
        FAKE_KUBECTL: at('cluster'),
        FAKE_HELM: at('helm'),
        REAL_HELM: toolPath('helm'),
        ...env,
      }),
    record: () => read('record'),
    calls: async (tool) => {
      const lines = (await read(tool === 'helm' ? 'helm/argv' : 'cluster/argv')).split('\n');
      return lines.filter(Boolean).map((line) => line.split('\t'));
    },
    applied: async (kind) => load((await read(`cluster/${kind}`)) || 'null') as never,
    rendered: async () => loadAll(await read('helm/rendered')) as Record<string, unknown>[],
    leftovers: () => readdir(at('tmp')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function fillPath(bin: string, record: string, options: HostOptions): Promise<void> {
  const own = (path: string) => join(import.meta.dirname, path);
  const paths = new Map<string, string>([
    ...plainTools.map((tool) => [tool, applet(tool, options)] as const),
    ...realTools.map((tool) => [tool, toolPath(tool)] as const),
    ['kubectl', options.real ? toolPath('kubectl') : own('../helpers/fake-kubectl')],
    ['helm', options.real ? toolPath(options.real) : own('helm-for-tests')],
    ['sh', toolPath('dash')],
    ...(options.node ? [['node', process.execPath] as const] : []),
  ]);
  for (const tool of options.without ?? []) paths.delete(tool);
  for (const [tool, path] of paths) {
    // The stand-ins call tools themselves; only what install.sh calls is written down.
    if (options.recording) await writeProgram(join(bin, tool), recorder(tool, path, record));
    else await symlink(path, join(bin, tool));
  }
  for (const [tool, text] of Object.entries(options.programs ?? {})) {
    await rm(join(bin, tool), { force: true });
    await writeProgram(join(bin, tool), text);
  }
}

/** Under busybox its own tar, awk and sha256sum do the work too. */
function applet(tool: string, { shell, recording }: HostOptions): string {
  return shell === 'busybox sh' && !recording ? toolPath('busybox') : toolPath(tool);
}

function recorder(tool: string, path: string, record: string): string {
  return `#!/bin/sh\n{ echo '== ${tool}'; for word do printf '%s\\n' "$word"; done; /usr/bin/env; } >> '${record}'\nexec '${path}' "$@"\n`;
}

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

function execute(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** The values of the Secret that kubectl got, decoded. */
export async function secretData(host: JumpHost): Promise<Record<string, string>> {
  const secret = await host.applied('Secret');
  expect(secret).toMatchObject({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: 'registry-info', namespace: 'jet-system' },
  });
  return decoded(secret);
}

/** `data` of a Secret, key by key. */
export function decoded(secret: unknown): Record<string, string> {
  const { data } = secret as { data: Record<string, string> };
  const text = (value: string) => Buffer.from(value, 'base64').toString();
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, text(value)]));
}

/** Neither kubectl nor helm was asked for more than its version, and nothing is left. */
export async function expectUntouched(host: JumpHost): Promise<void> {
  const calls = [...(await host.calls('kubectl')), ...(await host.calls('helm'))];
  expect(calls.filter(([verb]) => verb !== 'version')).toEqual([]);
  expect(await host.leftovers()).toEqual([]);
}
