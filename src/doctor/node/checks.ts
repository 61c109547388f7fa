import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { unreadable } from '../../inputs/files.ts';
import { nodesInput } from '../../install/files.ts';
import { type NodesInput, nodeMirrors } from '../../install/nodes.ts';
import type { InstalledWith } from '../../install/read-files.ts';
import type { Inventory } from '../../plan/inventory.ts';
import { AirgapError } from '../../report/error.ts';
import { type Check, failure, ok, skipped } from '../check.ts';
import { type NodeConfig, readNodeConfig } from './config.ts';
import { endpointsFinding, judge } from './endpoints.ts';
import { placesOf } from './files.ts';
import { type HostFolders, hostsWay, isThere } from './hosts.ts';
import { mirrorWay } from './mirrors.ts';
import { foldersOf, readingOf } from './reading.ts';
import { loginFinding, type TargetWants, trustFinding } from './trust.ts';
import type { Way } from './way.ts';
import { shown } from './words.ts';

/** What a node must find and how: the map, the target, and whether that wants a login to pull. */
export type NodeNeeds = NodesInput & TargetWants;

/** @param login whether the target wants one to pull; undefined: not known */
export function nodeNeeds(
  inventory: Inventory,
  { target }: Pick<InstalledWith, 'target'>,
  login: boolean | undefined,
): NodeNeeds {
  return { ...nodesInput({ inventory, target }), login };
}

/**
 * Compares what a node has with what the map needs, by the node's files alone; nothing is asked.
 * @param path a config.toml, or a certs.d folder; absolute
 * @throws AirgapError usage for a file that cannot be read as TOML (path, line, column, the line), that does not exist,
 *   or a folder that is no certs.d
 */
export async function nodeChecks(path: string, wanted: NodeNeeds): Promise<Check[]> {
  const at = resolve(path);
  const found = await stat(at).catch((cause: unknown) => {
    throw unreadable(at, 'the node configuration', cause);
  });
  if (!found.isDirectory()) return configChecks(at, wanted);
  await refuseOther(at);
  const evidence = `${at}: hosts.toml files, which a node reads if config_path in its config.toml names their folder`;
  const folders = { roots: [at], registry: {}, version: undefined };
  return [{ check: 'node-config', ...ok(evidence) }, ...(await hostChecks(folders, wanted))];
}

async function configChecks(path: string, wanted: NodeNeeds): Promise<Check[]> {
  const config = await readNodeConfig(path);
  if ('misfit' in config) {
    const evidence = `containerd does not take the file\n${config.misfit}`;
    const cure = 'correct what is named; docs/nodes.md says which lines a config.toml wants';
    return [{ check: 'node-config', ...failure(evidence, cure) }];
  }
  const { reading, finding } = readingOf(config);
  const read = { check: 'node-config', ...finding };
  if (reading === 'none') return [read];
  if (reading === 'mirrors') {
    const folder = dirname(path);
    const ways = (source: string) => mirrorWay(source, config, folder);
    return [read, ...(await wayChecks(ways, wanted, config.version))];
  }
  return configPathChecks(path, config, read, wanted);
}

/** Folders that are not on this machine count as empty if another one is. */
async function configPathChecks(
  path: string,
  { registry, version }: NodeConfig,
  read: Check,
  wanted: NodeNeeds,
): Promise<Check[]> {
  const named = registry.config_path ?? '';
  const roots: string[] = [];
  for (const folder of foldersOf(named)) {
    const places = await Promise.all(
      placesOf(folder, dirname(path)).map(async (place) => ((await isThere(place)) ? [place] : [])),
    );
    roots.push(...places.flat().slice(0, 1));
  }
  if (roots.length > 0) {
    const evidence = `${read.evidence}; its folder is read at ${roots.join(', ')}`;
    const checks = await hostChecks({ roots, registry, version }, wanted);
    return [{ ...read, evidence }, ...checks];
  }
  const evidence = `${shown(named)}, which config_path names, is not on this machine`;
  const cure = 'copy the folder from the node and give it with --node-config FOLDER';
  return [read, { check: 'node-endpoints', ...skipped(evidence, cure) }];
}

function hostChecks(folders: HostFolders, wanted: NodeNeeds): Promise<Check[]> {
  return wayChecks((source) => hostsWay(source, folders), wanted, folders.version);
}

async function wayChecks(
  wayTo: (source: string) => Promise<Way>,
  wanted: NodeNeeds,
  version: number | undefined,
): Promise<Check[]> {
  const mirrors = nodeMirrors(wanted);
  if (mirrors.length === 0)
    return [
      {
        check: 'node-endpoints',
        ...skipped('the map has no entry that means anything to containerd'),
      },
    ];
  const judged = await Promise.all(
    mirrors.map(async ({ registry, url }) => judge(await wayTo(registry), url)),
  );
  return [
    { check: 'node-endpoints', ...endpointsFinding(judged) },
    { check: 'node-trust', ...trustFinding(judged, wanted) },
    { check: 'node-credential', ...loginFinding(judged, wanted, version) },
  ];
}

async function refuseOther(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, 'the node configuration', cause);
  });
  const files = names.map((name) => join(folder, name, 'hosts.toml'));
  if ((await Promise.all(files.map(isThere))).includes(true)) return;
  throw new AirgapError('usage', 'the folder of --node-config is no certs.d', {
    given: folder,
    expected: 'a folder with HOST/hosts.toml in it',
    next: names.includes('hosts.toml')
      ? `give the folder above it: ${dirname(folder)}`
      : 'give the config.toml of the node, or the folder that config_path in it names',
  });
}
