import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import {
  type ControlPlane,
  kubeconfigText,
  startControlPlane,
  type User,
} from './control-plane.ts';
import { type Objects, Store } from './etcd.ts';
import { toolPath } from './tools.ts';

/** What a user may do, in the terms of an RBAC rule; in all namespaces when none is named. */
export interface Grant {
  readonly namespace?: string;
  readonly apiGroups?: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export interface Cluster {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** Path of the admin's; its context is named `test`. */
  readonly kubeconfig: string;
  /** Path of a kubeconfig of a user who may do this, and whatever everybody may. */
  kubeconfigFor(user: Exclude<User, 'admin'>, grants?: readonly Grant[]): Promise<string>;
  /** As admin. Gives standard output; throws what it said when it fails. */
  kubectl(...args: string[]): Promise<string>;
  /** As admin, with text for its standard input. */
  kubectlWith(input: string, ...args: string[]): Promise<string>;
  helm(...args: string[]): Promise<string>;
  helm4(...args: string[]): Promise<string>;
  /** An object as JSON; undefined when there is none. */
  get<Kind>(kind: string, name: string, namespace?: string): Promise<Kind | undefined>;
  /** Every object of all kinds and namespaces, but those that the control plane writes for itself. */
  objects(): Promise<Objects>;
  /** The same, when nothing has been written for a while: controllers go on after what asked them. */
  settled(): Promise<Objects>;
  /** Whether these bytes are in any object, as they are or in base64. */
  holds(secret: string): Promise<boolean>;
  /** What a kubelet would do: until `stop` every pod runs and is ready soon. */
  runPods(): { stop(): Promise<void> };
  /** The cluster as it was after its start, or when `keep` was called. Takes milliseconds. */
  reset(): Promise<void>;
  /** What `reset` goes back to from now on. */
  keep(): Promise<void>;
  stop(): Promise<void>;
}

/** A real cluster without nodes. It takes 4 s to start and 400 MB: one a test file, `reset` between tests. */
export async function startCluster(): Promise<Cluster> {
  const [folder, plane] = await startPlane();
  const store = new Store(plane.etcd);
  await settled(store);
  await store.keepAsBase();
  const kubeconfig = join(folder, 'admin.kubeconfig');
  const tool =
    (name: string) =>
    async (input: string, ...args: string[]) =>
      (await execa(toolPath(name), args, { env: environment(folder), extendEnv: false, input }))
        .stdout;
  const [kubectlWith, helm, helm4] = [tool('kubectl'), tool('helm'), tool('helm4')];
  return {
    server: plane.server,
    kubeconfig,
    kubeconfigFor: async (user, grants = []) => {
      const rights = { apiVersion: 'v1', kind: 'List', items: roles(user, grants) };
      if (grants.length > 0) await kubectlWith(JSON.stringify(rights), 'apply', '--filename', '-');
      const path = join(folder, `${user}.kubeconfig`);
      await writeFile(path, kubeconfigText({ ...plane, token: plane.tokens[user] }));
      return path;
    },
    kubectl: (...args) => kubectlWith('', ...args),
    kubectlWith,
    helm: (...args) => helm('', ...args),
    helm4: (...args) => helm4('', ...args),
    get: async (kind, name, namespace = 'default') => {
      const which = [kind, name, '--namespace', namespace, '--ignore-not-found'];
      const found = await kubectlWith(
        '',
        'get',
        ...which,
        '--show-managed-fields',
        '--output=json',
      );
      return found === '' ? undefined : JSON.parse(found);
    },
    objects: () => store.objects(),
    settled: () => settled(store),
    holds: (secret) => store.holds(secret),
    runPods: () => runPods(plane),
    reset: () => store.reset(),
    keep: async () => {
      await settled(store);
      await store.keepAsBase();
    },
    stop: async () => {
      await plane.stop();
      await remove(folder);
    },
  };
}

/** Once more where another process took a port between its choice and its use. */
async function startPlane(again = true): Promise<[folder: string, ControlPlane]> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-cluster-'));
  try {
    return [folder, await startControlPlane(folder)];
  } catch (error) {
    await remove(folder);
    if (again && String(error).includes('address already in use')) return startPlane(false);
    throw error;
  }
}

const remove = (folder: string) => rm(folder, { recursive: true, force: true, maxRetries: 5 });

function environment(folder: string): Record<string, string> {
  return {
    PATH: [dirname(toolPath('kubectl')), '/usr/bin', '/bin'].join(delimiter),
    HOME: folder,
    KUBECONFIG: join(folder, 'admin.kubeconfig'),
  };
}

/** The controllers have done what they do: nothing was written for half a second. */
async function settled(store: Store): Promise<Objects> {
  let [objects, quiet] = [await store.objects(), 0];
  for (let tries = 0; quiet < 5; tries++) {
    if (tries > 600) throw new Error('the controllers do not come to an end');
    await sleep(100);
    const now = await store.objects();
    quiet = JSON.stringify([...now]) === JSON.stringify([...objects]) ? quiet + 1 : 0;
    objects = now;
  }
  return objects;
}

function roles(user: string, grants: readonly Grant[]): object[] {
  return grants.flatMap(({ namespace, apiGroups = [''], ...rule }, number) => {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const metadata = { name: `${user}-${number}`, ...(namespace && { namespace }) };
    const apiGroup = 'rbac.authorization.k8s.io';
    const apiVersion = `${apiGroup}/v1`;
    return [
      { apiVersion, kind, metadata, rules: [{ apiGroups, ...rule }] },
      {
        apiVersion,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup, kind, name: metadata.name },
        subjects: [{ apiGroup, kind: 'User', name: user }],
      },
    ];
  });
}

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: { readonly containers: readonly { name: string; image: string }[] };
  }[];
}

function runPods({ ask }: ControlPlane): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const round = async () => {
    const pending = '/api/v1/pods?fieldSelector=status.phase%3DPending';
    const { items } = (await ask('GET', pending)) as Pods;
    for (const { metadata, spec } of items) {
      const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/status`;
      await ask('PATCH', path, { status: runningStatus(spec.containers) });
    }
  };
  const loop = async () => {
    while (!stopped.signal.aborted) {
      await round().catch(() => {});
      await sleep(100);
    }
  };
  const running = loop();
  return {
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

function runningStatus(containers: readonly { name: string; image: string }[]): object {
  const startedAt = new Date().toISOString();
  const types = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'];
  return {
    phase: 'Running',
    podIP: '10.97.0.1',
    startTime: startedAt,
    conditions: types.map((type) => ({ type, status: 'True', lastTransitionTime: startedAt })),
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt } },
    })),
  };
}
