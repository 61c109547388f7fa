import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { freePort } from './registry.ts';
import { type Authority, makeAuthority } from './tls.ts';
import { toolPath } from './tools.ts';

/** Who can log in. `admin` may do everything, the others what a test grants them. */
export const users = ['admin', 'installer', 'reader', 'stranger'] as const;
export type User = (typeof users)[number];

/** etcd, kube-apiserver and kube-controller-manager, with RBAC, TLS and tokens, on loopback. */
export interface ControlPlane {
  readonly server: string;
  readonly etcd: string;
  /** PEM. */
  readonly ca: string;
  readonly tokens: Readonly<Record<User, string>>;
  /** As admin. @param body a JSON merge patch where the method is PATCH */
  ask(method: 'GET' | 'PATCH', path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

const noKubelet = [
  'deployment-controller',
  'replicaset-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'clusterrole-aggregation-controller',
];

export async function startControlPlane(folder: string): Promise<ControlPlane> {
  const at = (name: string) => join(folder, name);
  const authority = await makeAuthority('airgap test cluster');
  const { cert, key } = await authority.issue(['IP:127.0.0.1', 'DNS:localhost']);
  const tokens = await writeTokens(at('tokens.csv'));
  await writeServiceAccountKey(at('sa.key'), at('sa.pub'));
  const [etcdPort, port] = [await freePort(), await freePort()];
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const server = `https://127.0.0.1:${port}`;
  const programs: ChildProcess[] = [];
  const start = (name: string, ...args: string[]) =>
    programs.push(startProgram(name, args, folder));
  const agent = new Agent({ connect: { ca: authority.pem } });
  const ask = asking(agent, server, tokens.admin);
  const stop = () => stopAll(programs, agent, authority);
  start(
    'etcd',
    `--data-dir=${at('etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    '--max-txn-ops=100000',
    '--log-level=warn',
  );
  start(
    'kube-apiserver',
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${folder}`,
    `--tls-cert-file=${cert}`,
    `--tls-private-key-file=${key}`,
    `--token-auth-file=${at('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at('sa.pub')}`,
    `--service-account-signing-key-file=${at('sa.key')}`,
    '--service-cluster-ip-range=10.96.0.0/24',
    '--etcd-compaction-interval=0',
    '--profiling=false',
  );
  try {
    await ready(programs, () => ask('GET', '/readyz'), folder);
    const kubeconfig = at('admin.kubeconfig');
    await writeFile(kubeconfig, kubeconfigText({ server, ca: authority.pem, token: tokens.admin }));
    start(
      'kube-controller-manager',
      `--kubeconfig=${kubeconfig}`,
      `--controllers=${noKubelet.join(',')}`,
      `--service-account-private-key-file=${at('sa.key')}`,
      `--root-ca-file=${authority.path}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--profiling=false',
    );
    await ready(programs, () => controllersHaveBegun(ask), folder);
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, etcd, ca: authority.pem, tokens, ask, stop };
}

/** YAML is a superset of JSON. */
export function kubeconfigText(to: { server: string; ca: string; token: string }): string {
  const ca = Buffer.from(to.ca).toString('base64');
  const context = { cluster: 'test', user: 'test' };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: to.server, 'certificate-authority-data': ca } }],
    users: [{ name: 'test', user: { token: to.token } }],
    contexts: [{ name: 'test', context }],
    'current-context': 'test',
  });
}

async function writeTokens(path: string): Promise<Record<User, string>> {
  const pairs = users.map((user) => [user, randomUUID()] as const);
  const lines = pairs.map(
    ([user, token]) => `${token},${user},${user}${user === 'admin' ? ',system:masters' : ''}\n`,
  );
  await writeFile(path, lines.join(''));
  return Object.fromEntries(pairs) as Record<User, string>;
}

async function writeServiceAccountKey(key: string, pub: string): Promise<void> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(key, pair.privateKey.export({ type: 'sec1', format: 'pem' }));
  await writeFile(pub, pair.publicKey.export({ type: 'spki', format: 'pem' }));
}

/** It dies with this process, however that ends. Its words go to a file, for when it does not start. */
function startProgram(name: string, args: readonly string[], folder: string): ChildProcess {
  const words = ['--pdeathsig', 'KILL', toolPath(name), ...args];
  const child = spawn(toolPath('setpriv'), words, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, GOMAXPROCS: '2' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr?.pipe(createWriteStream(join(folder, `${name}.log`)));
  return child;
}

async function ready(
  programs: readonly ChildProcess[],
  isReady: () => Promise<unknown>,
  folder: string,
): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (programs.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null))
      break;
    if (await isReady().catch(() => false)) return;
    await sleep(50);
  }
  const logs = ['etcd', 'kube-apiserver', 'kube-controller-manager'].map(async (name) => {
    const text = await readFile(join(folder, `${name}.log`), 'utf8').catch(() => '');
    return `${name}:\n${text.slice(-2_000)}`;
  });
  throw new Error(`the cluster did not start\n${(await Promise.all(logs)).join('\n')}`);
}

/** Every namespace has what they put into it, and roles of others are summed up. */
async function controllersHaveBegun(ask: ControlPlane['ask']): Promise<boolean> {
  const count = async (path: string) =>
    ((await ask('GET', path)) as { items: unknown[] }).items.length;
  const admin = await ask('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin');
  return (
    (await count('/api/v1/namespaces')) === 4 &&
    (await count('/api/v1/serviceaccounts?fieldSelector=metadata.name%3Ddefault')) === 4 &&
    (await count('/api/v1/configmaps?fieldSelector=metadata.name%3Dkube-root-ca.crt')) === 4 &&
    (admin as { rules: unknown[] | null }).rules !== null
  );
}

function asking(agent: Agent, server: string, token: string): ControlPlane['ask'] {
  return async (method, path, body) => {
    const { statusCode, body: answer } = await request(`${server}${path}`, {
      method,
      dispatcher: agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/merge-patch+json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  };
}

async function stopAll(
  programs: readonly ChildProcess[],
  agent: Agent,
  authority: Authority,
): Promise<void> {
  await agent.destroy();
  for (const child of programs) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await authority.remove();
}
