import { stringify } from 'smol-toml';
import { isContainerdEntry } from '../mirror-map/containerd.ts';
import type { MapEntry } from '../mirror-map/map.ts';
import { readTarget } from '../mirror-map/target.ts';
import { nodesReadme } from './nodes-readme.ts';

export interface NodesInput {
  /** Of the map as the user wrote it; only the plain `registry::prefix` ones mean anything to containerd. */
  readonly entries: readonly MapEntry[];
  /** `host[:port]` of the target registry. */
  readonly endpoint: string;
  readonly plainHttp: boolean;
  readonly insecureSkipVerify: boolean;
  /** PEM. */
  readonly caCert?: string;
}

/** A source registry and the URL that containerd has to be given for it. */
export interface NodeMirror {
  readonly registry: string;
  readonly url: string;
}

/** The files below `nodes/`: what a workload node's containerd should show, in both of its spellings. */
export function nodeFiles(input: NodesInput): { path: string; bytes: Buffer }[] {
  const mirrors = nodeMirrors(input);
  if (mirrors.length === 0) return [];
  const texts: [string, string][] = [
    ['nodes/config.toml', mirrorsToml(mirrors, input)],
    ['nodes/config-path-v2.toml', configPathToml(2, 'io.containerd.grpc.v1.cri', '1.6 and 1.7')],
    ['nodes/config-path-v3.toml', configPathToml(3, 'io.containerd.cri.v1.images', '2.x')],
    ...caFiles(input),
    ...mirrors
      .filter(fitsArchive)
      .map((mirror): [string, string] => [
        `nodes/certs.d/${hostFolder(mirror.registry)}/hosts.toml`,
        hostsToml(mirror, input),
      ]),
    ['nodes/README.txt', nodesReadme(input)],
  ];
  return texts.map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
}

function caFiles({ caCert }: NodesInput): [string, string][] {
  return caCert === undefined ? [] : [[`nodes/certs.d/${caFile}`, caCert]];
}

/** The mirrors that containerd can be told of, in the order of the map; for a repeated key the last holds. */
export function nodeMirrors({ entries, plainHttp }: NodesInput): NodeMirror[] {
  const plain = entries.filter(isContainerdEntry).map(({ key, value }) => [key, value] as const);
  return [...new Map(plain)].map(([registry, target]) => ({
    registry,
    url: mirrorUrl(target, plainHttp),
  }));
}

/** containerd takes the path as it is, so the API's `/v2/` must stand in it: exactly once. */
function mirrorUrl(value: string, plainHttp: boolean): string {
  const { host, path } = readTarget(value);
  return `${plainHttp ? 'http' : 'https'}://${host}/v2${path === '' ? '' : `/${path}`}`;
}

/** A path in the bundle has at most 99 characters; a registry with a longer name stands in config.toml alone. */
function fitsArchive({ registry }: NodeMirror): boolean {
  return `nodes/certs.d/${hostFolder(registry)}/hosts.toml`.length <= 99;
}

/** `host_port_` is containerd's own spelling where a colon cannot stand in a folder's name. */
export function hostFolder(registry: string): string {
  return registry.replace(/:(\d+)$/, '_$1_');
}

/** Where `certs.d` comes to lie on a node. */
const certsFolder = '/etc/containerd/certs.d';
const caFile = 'ca.crt';

function mirrorsToml(mirrors: readonly NodeMirror[], input: NodesInput): string {
  const tls = {
    ...(input.insecureSkipVerify ? { insecure_skip_verify: true } : {}),
    ...(input.caCert === undefined ? {} : { ca_file: `${certsFolder}/${caFile}` }),
  };
  const registry = {
    mirrors: Object.fromEntries(
      mirrors.map(({ registry, url }) => [registry, { endpoint: [url] }]),
    ),
    ...(Object.keys(tls).length === 0 ? {} : { configs: { [input.endpoint]: { tls } } }),
  };
  return `# containerd 1.x: merge into /etc/containerd/config.toml. Not together with config_path and certs.d.
${stringify({ version: 2, plugins: { 'io.containerd.grpc.v1.cri': { registry } } })}
`;
}

function configPathToml(version: number, plugin: string, of: string): string {
  const registry = { config_path: certsFolder };
  return `# containerd ${of}: merge into /etc/containerd/config.toml, beside the folder certs.d. Not together with mirrors.
${stringify({ version, plugins: { [plugin]: { registry } } })}
`;
}

/** The first `host` is there because containerd 1.6 takes no file without one. */
function hostsToml({ registry, url }: NodeMirror, input: NodesInput): string {
  const how = {
    capabilities: ['pull', 'resolve'],
    override_path: true,
    ...(input.insecureSkipVerify ? { skip_verify: true } : {}),
    ...(input.caCert === undefined ? {} : { ca: `../${caFile}` }),
  };
  return `# With config_path: ${certsFolder}/${hostFolder(registry)}/hosts.toml
${stringify({ server: url, ...how, host: { [url]: how } })}
`;
}
