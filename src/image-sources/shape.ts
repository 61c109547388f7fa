import { referenceIn } from '../oci/reference.ts';

/**
 * Whether a text that stands where anything may stand is meant as an image: it has a registry's host or a path, and
 * a tag that looks like a version, or a digest.
 * @param isHinted something beside it says so, such as a flag `--helper-image`: then a tag is not asked of a name
 *   with a host, nor a path of one with a tag
 */
export function looksLikeImage(text: string, isHinted = false): boolean {
  const name = readName(text);
  if (name === undefined) return false;
  if (name.digest !== undefined) return true;
  return name.host === undefined ? isHostless(name, isHinted) : isInRegistry(name, isHinted);
}

/** Whether a name, a flag or a variable speaks of an image itself, not of its registry, its path or how it is pulled. */
export function speaksOfImage(name: string): boolean {
  if (!/image/i.test(name)) return false;
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return !words.some((word) => besideImages.has(word));
}

const besideImages: ReadonlySet<string> = new Set(
  (
    'pull registry registries repo repository prefix policy secret secrets path dir size tag digest annotation ' +
    'annotations label labels credential credentials gc domain format mirror mirrors'
  ).split(' '),
);

interface Name {
  /** As written; absent for a name that is on Docker Hub because it has none. */
  readonly host: string | undefined;
  /** Without the host. */
  readonly path: readonly string[];
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

function readName(text: string): Name | undefined {
  if (text.length > 512 || !/^[A-Za-z0-9][^\s]*[:/@]/.test(text)) return undefined;
  const reference = referenceIn(text);
  if (reference === undefined) return undefined;
  const named = text.replace(/@.*$/, '');
  const first = named.slice(0, Math.max(named.indexOf('/'), 0));
  const host = first === 'localhost' || /[.:]/.test(first) ? first : undefined;
  const rest = host === undefined ? named : named.slice(first.length + 1);
  const isTagged = rest.includes(':');
  const path = (isTagged ? rest.slice(0, rest.indexOf(':')) : rest).split('/');
  return { host, path, tag: isTagged ? reference.tag : undefined, digest: reference.digest };
}

function isInRegistry({ host = '', path, tag }: Name, isHinted: boolean): boolean {
  if (!isRegistryHost(host) || isApiVersion(path[0])) return false;
  if (tag === undefined) return isHinted && !isFile(path) && !isFolder.test(host);
  return isHinted ? !isEffect(tag) : isVersion(tag) && !isInCluster(host, tag);
}

function isHostless({ path, tag }: Name, isHinted: boolean): boolean {
  if (tag === undefined || isPort(tag) || isEffect(tag) || isFile(path)) return false;
  if (isHinted) return path.length > 1 || isVersion(tag);
  const isPath = path.length === 2 || path.length === 3;
  return isPath && isPlainVersion(tag) && !path.some(isNoPart);
}

/** Hosts that serve code, names and schemas, no images. */
const noRegistries =
  /(?:^|\.)(?:github\.com|kubernetes\.io|golang\.org|gopkg\.in|uber\.org|helm\.sh|w3\.org|json-schema\.org)$|^(?:gitlab\.com|bitbucket\.org|k8s\.io|sigs\.k8s\.io|x-k8s\.io|schema\.org|cert-manager\.io|istio\.io)$/;
const isFolder = /\.(?:d|git)$/;

function isRegistryHost(host: string): boolean {
  const [name = '', port] = host.split(':');
  if (port !== undefined) return true;
  if (name === 'localhost') return false;
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  return /^[a-z]{2,}$/i.test(last) && !fileEndings.has(last) && !noRegistries.test(name);
}

/** `monitoring.coreos.com/v1`: a group and its version. */
function isApiVersion(part: string | undefined): boolean {
  return /^v\d+(?:(?:alpha|beta)\d+)?$/.test(part ?? '');
}

const usualTags =
  /^(?:latest|stable|next|beta|edge|nightly|main|master|dev|develop|canary|release|lts|alpine|slim|debug|nonroot|debian|ubuntu|jammy|noble|bookworm|bullseye)(?:-|$)/;

function isVersion(tag: string): boolean {
  return (/\d/.test(tag) || usualTags.test(tag)) && !isEffect(tag);
}

/** What nobody takes for anything else. */
function isPlainVersion(tag: string): boolean {
  return /^v?\d+\.\d+|^v\d+$|^\d{8}$|^latest(?:-|$)|^sha-[0-9a-f]{7,}$/.test(tag);
}

/** `postgres:16` is an image, `redis:6379` an address. */
function isPort(tag: string): boolean {
  if (!/^\d{2,5}$/.test(tag)) return false;
  const number = Number(tag);
  return [53, 80, 443].includes(number) || (number >= 1000 && number < 65536);
}

/** The end of a taint: `node.example.org/not-ready:NoSchedule`. */
function isEffect(tag: string): boolean {
  return /^(?:NoSchedule|NoExecute|PreferNoSchedule)$/.test(tag);
}

/** A Service's address with a path, whose port has come to stand last. */
function isInCluster(host: string, tag: string): boolean {
  return /\.(?:svc|local|internal)$/.test(host) && isPort(tag);
}

const fileEndings: ReadonlySet<string> = new Set(
  (
    'yaml yml json toml conf cfg ini txt md html htm xml css js ts sh py go rb pl lua sql log lock sock pid ' +
    'pem crt key png jpg jpeg svg gif ico webp iso qcow img raw vmdk tar gz tgz zip jar war so exe bin service'
  ).split(' '),
);

function isFile(path: readonly string[]): boolean {
  const [, ending] = /\.([a-z0-9]+)$/.exec(path.at(-1) ?? '') ?? [];
  return ending !== undefined && (fileEndings.has(ending) || ending === 'qcow2');
}

/** Begins of file paths and of API paths, and parts without a letter, as dates have. */
const noParts =
  /^(?:var|etc|usr|opt|tmp|home|dev|proc|sys|mnt|run|bin|lib|srv|apis?|application|text|v\d+)$/;

function isNoPart(part: string): boolean {
  return noParts.test(part) || !/[a-z]/.test(part);
}
