import { stringify } from 'smol-toml';
import { isContainerdEntry } from '../mirror-map/containerd.ts';
import type { MapEntry } from '../mirror-map/map.ts';
import { readTarget } from '../mirror-map/target.ts';

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
    ['nodes/config.toml', configToml(mirrors, input)],
    ...mirrors
      .filter(fitsArchive)
      .map((mirror): [string, string] => [
        `nodes/certs.d/${hostFolder(mirror.registry)}/hosts.toml`,
        hostsToml(mirror, input),
      ]),
    ['nodes/README.txt', readme(input)],
  ];
  return texts.map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
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
function hostFolder(registry: string): string {
  return registry.replace(/:(\d+)$/, '_$1_');
}

function configToml(mirrors: readonly NodeMirror[], input: NodesInput): string {
  const registry = {
    mirrors: Object.fromEntries(
      mirrors.map(({ registry, url }) => [registry, { endpoint: [url] }]),
    ),
    ...(input.insecureSkipVerify
      ? { configs: { [input.endpoint]: { tls: { insecure_skip_verify: true } } } }
      : {}),
  };
  return [
    '# containerd 1.x: merge into /etc/containerd/config.toml. Not together with certs.d (config_path).\n',
    input.caCert === undefined
      ? ''
      : `# The target's CA belongs into the node's trust, or as ca_file under configs."${input.endpoint}".tls.\n`,
    stringify({ version: 2, plugins: { 'io.containerd.grpc.v1.cri': { registry } } }),
    '\n',
  ].join('');
}

function hostsToml({ registry, url }: NodeMirror, input: NodesInput): string {
  const how = {
    capabilities: ['pull', 'resolve'],
    override_path: true,
    ...(input.insecureSkipVerify ? { skip_verify: true } : {}),
  };
  return [
    `# containerd 2.x, and 1.5 or newer with config_path: /etc/containerd/certs.d/${hostFolder(registry)}/hosts.toml\n`,
    input.caCert === undefined
      ? ''
      : '# The target\'s CA belongs into the node\'s trust, or beside this file with: ca = "ca.crt"\n',
    stringify({ server: url, ...how, host: { [url]: how } }),
    '\n',
  ].join('');
}

function readme(input: NodesInput): string {
  return `What containerd on the workload nodes should show
=================================================

The gateway hands the mirror map on to the clusters that it deploys; these files say what should then stand
on a node. They are for comparing, and for nodes that you set up yourself. There are two spellings, and
containerd refuses to start its CRI plugin when it finds both:

config.toml
    For containerd 1.x without config_path. Merge its tables into /etc/containerd/config.toml.

certs.d/HOST/hosts.toml
    For containerd 2.x, and for 1.5 or newer where config.toml sets
    config_path = "/etc/containerd/certs.d". Copy the folders there. A port is written HOST_PORT_.
    "server" is the mirror too, so that nothing falls back to the internet.

Each address has the registry API's /v2/ in it, once: containerd uses the path as it is. An address without
it is answered 404, and containerd 1.x then asks the internet.

Pull secrets of pods are not used for mirrors. If ${input.endpoint} wants a login to pull, the node's
containerd configuration must carry it.
${input.caCert === undefined ? '' : `\nThe certificate of ${input.endpoint} is signed by an own CA (CA_CERT in registry-secret.yaml): the nodes must trust it.\n`}`;
}
