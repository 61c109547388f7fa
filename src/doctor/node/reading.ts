import { type Finding, failure, ok, warning } from '../check.ts';
import { type NodeConfig, pluginNames } from './config.ts';
import { few, shown } from './words.ts';

/** Which of its two ways a node goes. */
export type Reading = 'mirrors' | 'config_path' | 'none';

const configs = 'docs/nodes.md says which lines a config.toml wants';

/** What the node reads of its config.toml, and whether containerd takes the file at all. */
export function readingOf(config: NodeConfig): { reading: Reading; finding: Finding } {
  const { registry, version } = config;
  const path = registry.config_path ?? '';
  const mirrors = Object.keys(registry.mirrors ?? {}).length;
  const about = `${config.files.join(', ')}: version ${version}`;
  const refused = whyRefused(config, path, mirrors);
  const found = (reading: Reading, words: string) => ({
    reading,
    finding: withDoubts(config, `${about}; ${words}`),
  });
  if (refused !== undefined)
    return { reading: 'none', finding: failure(`${about}; ${refused.why}`, refused.cure) };
  if (path !== '')
    return found('config_path', `the node reads config_path, ${shown(path)}, and no mirrors`);
  if (mirrors > 0) return found('mirrors', `the node reads mirrors, ${mirrors} of them`);
  const why = 'neither mirrors nor config_path is set: every image is asked for at its source';
  return {
    reading: 'none',
    finding: failure(
      `${about}; ${[why, ...doubtsOf(config).map((one) => one.why)].join('\n')}`,
      `merge ${lines(version)}; ${configs}`,
    ),
  };
}

/** The files that `--write-nodes` writes. */
const lines = (version: number) =>
  version > 2 ? 'config-path-v3.toml into it' : 'config-path-v2.toml into it, or config.toml';

interface Refused {
  readonly why: string;
  readonly cure: string;
}

/** Why containerd does not start its CRI plugin, or reads nothing, whatever else stands in the file. */
function whyRefused(config: NodeConfig, path: string, mirrors: number): Refused | undefined {
  const { version, disabled } = config;
  const off = disabled.find((name) => pluginNames.includes(name));
  if (off !== undefined)
    return {
      why: `disabled_plugins turns CRI off: ${off}`,
      cure: `take ${off} out of disabled_plugins`,
    };
  if (path !== '' && mirrors > 0)
    return {
      why: 'both mirrors and config_path are set: containerd does not start its CRI plugin',
      cure: 'delete the tables below registry.mirrors and keep config_path',
    };
  if (version < 3 && path !== '' && hasTls(config))
    return {
      why: 'both config_path and configs.…tls are set: containerd 1.6 and 1.7 do not start their CRI plugin',
      cure: 'delete the tls tables below registry.configs: hosts.toml has ca and skip_verify',
    };
  if (isMisnamed(config, path !== '' || mirrors > 0)) return misnamed(config);
  if (version > 2 && isList(path) && !pullsItself(config))
    return {
      why: `config_path is a list, ${shown(path)}: the transfer service of containerd 2 takes it for the name of one folder, and asks every source itself`,
      cure: 'name one folder in config_path, or set use_local_image_pull = true beside the table registry',
    };
  return undefined;
}

/** containerd 1 passes over a newer name; with the oldest one in a file of version 2 it does not start. */
function isMisnamed({ version, otherNames }: NodeConfig, isFound: boolean): boolean {
  return (
    version < 3 &&
    otherNames.length > 0 &&
    (!isFound || (version === 2 && otherNames.includes('cri')))
  );
}

/** The plugin that this version reads is another one than the file has the registry under. */
function misnamed({ version, otherNames }: NodeConfig): Refused {
  const cure =
    version === 1 && otherNames.includes(pluginNames[1] ?? '')
      ? 'write version = 2 at the top of the file'
      : `call the table plugins."${pluginNames[version - 1]}".registry, or give the file the version of that name`;
  return {
    why: `in a file of version ${version} containerd 1.6 and 1.7 do not read plugins."${otherNames.join('", "')}"`,
    cure,
  };
}

function withDoubts(config: NodeConfig, evidence: string): Finding {
  const doubts = doubtsOf(config);
  const [first] = doubts;
  if (first === undefined) return ok(evidence);
  return warning([evidence, ...doubts.map(({ why }) => why)].join('\n'), first.cure);
}

/** What some containerd would not do, or what could not be looked at. */
function doubtsOf(config: NodeConfig): Refused[] {
  const { missing, version, otherNames } = config;
  const doubts: Refused[] = [];
  if (missing.length > 0)
    doubts.push({
      why: `it imports ${few(missing).join(', ')}, not on this machine; containerd does not start without`,
      cure: 'copy what it imports from the node, and lay it beside the file as it lies in /etc/containerd',
    });
  if (version < 3) return doubts;
  const names = otherNames.join('", "');
  if (names !== '')
    doubts.push({
      why: `not every containerd 2 reads plugins."${names}".registry in a file of version ${version}: 2.1 does not`,
      cure: `call the table plugins."${pluginNames[2]}".registry`,
    });
  if (hasTls(config))
    doubts.push({
      why: 'containerd 2 does not read tls below registry.configs',
      cure: `use hosts.toml, with ca or skip_verify: ${configs}`,
    });
  if (version > 4)
    doubts.push({
      why: `version ${version} is not known here, and was read as version 4`,
      cure: configs,
    });
  return doubts;
}

const hasTls = ({ registry }: NodeConfig) =>
  Object.values(registry.configs ?? {}).some(({ tls }) => tls !== undefined);

/** Folders, as `config_path` names them. */
export function foldersOf(path: string): string[] {
  return path.split(':').filter((one) => one !== '');
}

const isList = (path: string) => foldersOf(path).length > 1;

/** Whether containerd 2 pulls without its transfer service. */
function pullsItself({ registry, plugin }: NodeConfig): boolean {
  const old = [registry.mirrors, registry.configs, registry.auths];
  return (
    plugin.use_local_image_pull === true || old.some((table) => Object.keys(table ?? {}).length > 0)
  );
}
