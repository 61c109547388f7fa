import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parse, stringify, type TomlTable } from 'smol-toml';
import { toolPath } from './tools.ts';

/** A containerd, as a node runs it. */
export interface Node {
  /** What the kubelet would be told of each image: `name@digest`, or `error: …`. */
  pull(...images: string[]): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

export interface NodeSetup {
  /** Path of containerd. */
  readonly containerd: string;
  /** Folder in the place of /etc/containerd/certs.d and so on: a copy of `nodes/`. */
  readonly etc: string;
  /** The one of its files that is merged into config.toml, beside what says where this containerd lives. */
  readonly config: string;
  /** Words before the command: another network. */
  readonly prefix?: readonly string[];
}

/** A real containerd (root only) with CRI, its root, state and socket in a temporary folder. */
export async function startNode({
  containerd,
  etc,
  config,
  prefix = [],
}: NodeSetup): Promise<Node> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-node-'));
  const socket = join(folder, 'containerd.sock');
  const given = (await readFile(join(etc, config), 'utf8')).replaceAll(
    '/etc/containerd/',
    `${etc}/`,
  );
  const merged = merge(parse(given), ofThisPlace(folder, socket));
  await writeFile(join(folder, 'config.toml'), stringify(merged), { mode: 0o600 });
  const [command = '', ...words] = [...prefix, containerd, '-c', join(folder, 'config.toml')];
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const killAll = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
  process.once('exit', killAll);
  for (let tries = 0; !log.includes('successfully booted'); tries++) {
    if (child.exitCode !== null || tries > 1200)
      throw new Error(`containerd did not start: ${log}`);
    await sleep(50);
  }
  return {
    pull: async (...images) => {
      const ended = await execa(toolPath('cri-pull'), [socket, ...images], { reject: false });
      if (ended.exitCode !== 0 && ended.exitCode !== 1) throw new Error(`${ended.stderr}\n${log}`);
      return Object.fromEntries(ended.stdout.split('\n').map((line) => line.split('\t')));
    },
    stop: async () => {
      process.off('exit', killAll);
      killAll();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The snapshotter is one that works in a container too. Of the spellings containerd reads that of its version. */
function ofThisPlace(folder: string, address: string): TomlTable {
  const snapshotter = 'native';
  const cni = { bin_dir: folder, conf_dir: folder };
  const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return {
    root: join(folder, 'root'),
    state: join(folder, 'state'),
    grpc: { address },
    disabled_plugins: ['io.containerd.internal.v1.opt'],
    plugins: {
      'io.containerd.server.v1.grpc': { address },
      'io.containerd.server.v1.ttrpc': { address: `${address}.ttrpc` },
      'io.containerd.nri.v1.nri': { disable: true },
      'io.containerd.grpc.v1.cri': { containerd: { snapshotter }, cni },
      'io.containerd.cri.v1.images': { snapshotter },
      'io.containerd.cri.v1.runtime': { cni },
      'io.containerd.transfer.v1.local': { unpack_config: [{ platform, snapshotter }] },
    },
  };
}

function merge(base: TomlTable, more: TomlTable): TomlTable {
  const merged = { ...base };
  for (const [key, value] of Object.entries(more)) {
    const own = merged[key];
    if (isTable(own) && isTable(value)) merged[key] = merge(own, value);
    else merged[key] = Array.isArray(own) && Array.isArray(value) ? [...own, ...value] : value;
  }
  return merged;
}

const isTable = (value: unknown): value is TomlTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
