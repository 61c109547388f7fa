import { resolve } from 'node:path';
import type { SignedBundle } from '../bundle/verify.ts';
import { type ClusterAt, ClusterTools } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import { type Check, skipAll } from '../doctor/check.ts';
import { clusterCheck, requireKubeconfig } from '../doctor/cluster-check.ts';
import { installChecks, installNames } from '../doctor/install-checks.ts';
import { type NodeNeeds, nodeChecks, nodeNeeds } from '../doctor/node/checks.ts';
import { isKnown, type PullLogin, registryChecks } from '../doctor/registry-checks.ts';
import { type Secret, secretChecks, secretNames } from '../doctor/secret-checks.ts';
import { loginOf } from '../doctor/secret-keys.ts';
import type { InstalledWith } from '../install/read-files.ts';
import { secretData } from '../install/secret.ts';
import type { Inventory } from '../plan/inventory.ts';
import { openRegistries, type RegistryClient } from '../registry/client.ts';
import { readInstalled } from './at-site.ts';
import { targetAccess } from './connect.ts';
import {
  emitSecret,
  type GivenCredential,
  readGiven,
  type UserPassword,
} from './given-credential.ts';
import type { TrustOptions } from './keyring.ts';
import { withSignedBundle } from './signed-bundle.ts';

/** What doctor looks at. */
export type Part = 'registry' | 'cluster' | 'nodes';

export interface DoctorOptions {
  readonly trust: TrustOptions;
  readonly parts: readonly Part[];
  /** Path of a site file. */
  readonly site: string | undefined;
  readonly cluster: ClusterAt;
  /** The cluster's pull credential; absent: the one that its Secret has. */
  readonly pull: GivenCredential;
  readonly allowPlainHttp: boolean;
  /** Path of a node's config.toml, or of its certs.d folder. */
  readonly nodeConfig: string | undefined;
}

/** All that the checks hold the world to, and whom they ask. */
interface Visit {
  readonly bundle: SignedBundle;
  readonly inventory: Inventory;
  readonly installed: InstalledWith;
  readonly given: UserPassword | undefined;
  readonly options: DoctorOptions;
  readonly context: Context;
}

/**
 * `doctor`: shows that every image is where the cluster will look for it, with the cluster's own eyes. Changes nothing.
 * @returns each check, in the order of the way from the registry to the pods
 * @throws AirgapError usage, tool, signature, integrity, policy, io; what a check finds is in the result
 */
export async function runDoctor(
  path: string,
  options: DoctorOptions,
  context: Context,
): Promise<Check[]> {
  const given = await readGiven('pull', options.pull, context);
  if (given) emitSecret(given, context);
  await requireKubeconfig(options.cluster, context.cwd);
  return withSignedBundle(path, options, context, async ({ bundle, inventory, at }) => {
    const installed = at?.installed ?? (await readInstalled(bundle));
    return examine({ bundle, inventory, installed, given, options, context });
  });
}

/** The cluster first, as its Secret says what the registry is asked with. */
async function examine(visit: Visit): Promise<Check[]> {
  const { options, inventory, installed, context } = visit;
  const { cluster, secret, checks } = await meetCluster(visit);
  const login = chooseLogin(visit, secret);
  const registries = openRegistries({
    access: targetAccess(inventory.target),
    credential: async () => login.credential,
    allowPlainHttpCredentials: options.allowPlainHttp,
    retryBudgetMs: patience,
    context,
  });
  try {
    const target = registries.client(inventory.target.endpoint);
    const ofRegistry = options.parts.includes('registry')
      ? await askRegistry(inventory, target, login, context)
      : [];
    const isReached = ofRegistry[0]?.status === 'ok';
    const ofCluster = cluster
      ? await lookIntoCluster(visit, cluster, login, isReached ? target : undefined)
      : [];
    const ofNode = options.parts.includes('nodes')
      ? await lookAtNode(
          options.nodeConfig,
          nodeNeeds(
            inventory,
            installed,
            isKnown(login) ? login.credential !== undefined : undefined,
          ),
          context,
        )
      : [];
    return [...checks, ...ofRegistry, ...ofCluster, ...ofNode];
  } finally {
    await registries.close();
  }
}

/** Somebody waits for the answer: milliseconds. */
const patience = 30_000;

interface Met {
  /** Undefined where it was not asked, or did not answer. */
  readonly cluster?: ClusterTools;
  readonly secret?: Secret;
  readonly checks: readonly Check[];
}

async function meetCluster({ options, inventory, installed, given, context }: Visit): Promise<Met> {
  if (!options.parts.includes('cluster')) return { checks: [] };
  context.emit({ kind: 'step', name: 'asking the cluster' });
  const cluster = new ClusterTools(options.cluster, context);
  if (inventory.chart) await cluster.helm('version', '--short');
  const answers = await clusterCheck(cluster, options.cluster);
  if (answers.status !== 'ok') {
    return {
      checks: [
        answers,
        ...skipAll([...secretNames, ...installNames], 'the cluster does not answer'),
      ],
    };
  }
  const login = given ? { USERNAME: given.username, PASSWORD: given.password } : {};
  const wanted = { ...secretData(installed.target), ...login };
  const { secret, checks } = await secretChecks(cluster, wanted);
  return { cluster, ...(secret ? { secret } : {}), checks: [answers, ...checks] };
}

function chooseLogin({ given, options, context }: Visit, secret: Secret | undefined): PullLogin {
  if (given) return { credential: given, from: 'as given', origin: 'given' };
  if (!options.parts.includes('cluster'))
    return { credential: undefined, from: 'none is given', origin: 'not-asked' };
  const unknown = { credential: undefined, origin: 'not-read' } as const;
  if (secret === undefined) return { ...unknown, from: 'no pull credential is known' };
  const credential = loginOf(secret.data);
  if (credential === 'half')
    return { ...unknown, from: 'the Secret registry-info has half a login' };
  if (credential) emitSecret(credential, context);
  return { credential, from: 'by the Secret registry-info', origin: 'secret' };
}

function askRegistry(
  inventory: Inventory,
  target: RegistryClient,
  login: PullLogin,
  { emit }: Context,
) {
  emit({ kind: 'step', name: `looking for every image in ${target.host}` });
  return registryChecks(inventory, target, login);
}

function lookIntoCluster(
  { bundle, inventory, installed, context }: Visit,
  cluster: ClusterTools,
  login: PullLogin,
  target: RegistryClient | undefined,
): Promise<Check[]> {
  context.emit({ kind: 'step', name: 'looking at release, webhook and pods' });
  const { inventoryDigest } = bundle;
  const { chart } = installed;
  const wanted = { inventory, inventoryDigest, ...(chart && { chart }), now: context.now() };
  return installChecks(cluster, wanted, { login, target });
}

async function lookAtNode(path: string | undefined, needs: NodeNeeds, { cwd }: Context) {
  if (path === undefined) return skipAll(['node-config'], 'no --node-config is given');
  return nodeChecks(resolve(cwd, path), needs);
}
