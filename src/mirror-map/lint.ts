import { isContainerdEntry } from './containerd.ts';
import { type MapEntry, type MirrorMap, noswapKey } from './map.ts';
import { parseMirrorMap } from './parse.ts';
import { readTarget } from './target.ts';
import { type WebhookAnswer, webhookImage } from './webhook.ts';

/** An image that the webhook rewrites again when it meets its own answer. */
export interface RewriteLoop {
  readonly once: string;
  /** The second answer; when the webhook fails on it, the exception's name. */
  readonly twice: string;
}

/** The loop that the image runs into, if any: the webhook sees a pod again on reinvocation and update. */
export function rewriteLoop(map: MirrorMap, image: string): RewriteLoop | undefined {
  const first = webhookImage(map, image);
  if ('error' in first) return undefined;
  const twice = textOf(webhookImage(map, first.image));
  return twice === first.image ? undefined : { once: first.image, twice };
}

function textOf(answer: WebhookAnswer): string {
  return 'error' in answer ? answer.error : answer.image;
}

/**
 * What ends the loop: the line of the map that takes the target out of swapping, in place of the map's own
 * `noswap_wildcards` (whose patterns it repeats). Where the target's host is itself a key, patterns are not
 * consulted, and the line is that key without a value. Where no line helps, it says what has to change.
 *
 * @param image the image that loops; without it any image of the target
 */
export function cureForLoop(map: MirrorMap, endpoint: string, image = `${endpoint}/image`): string {
  const patterns = map.entries.findLast((entry) => entry.kind === 'noswap')?.value;
  const lines = [`${noswapKey}::${patterns ? `${patterns},` : ''}${endpoint}`, `${endpoint}::`];
  return (
    lines.find((line) => rewriteLoop(withLine(map, line), image) === undefined) ??
    (endpoint.includes('.')
      ? 'change the entry that matches the rewritten image: no line of the map ends this loop'
      : `use a target host with a dot: the webhook takes ${endpoint}/… for an image on Docker Hub`)
  );
}

function withLine(map: MirrorMap, line: string): MirrorMap {
  return { entries: [...map.entries, ...parseMirrorMap(line).entries], problems: [] };
}

/**
 * The entry for `<registry>/library` (Docker Hub's, as a rule) whose registry has none itself: the webhook
 * fails on every other image of that registry, and the pod is refused.
 */
export function libraryWithoutDockerHub(map: MirrorMap): MapEntry | undefined {
  const registries = map.entries.filter((entry) => entry.kind === 'registry');
  const keys = new Set(registries.map((entry) => entry.key));
  return registries.find(({ key }) => {
    const registry = key.replace(/\/library$/, '');
    return registry !== key && registry.includes('.') && !keys.has(registry);
  });
}

/** Without a `default` the webhook swaps nothing but `[EXACT]` and `[REPLACE]`. */
export function hasDefault(map: MirrorMap): boolean {
  return map.entries.some((entry) => entry.kind === 'default');
}

/** Entries whose target spells out the API's `/v2/`: right for containerd, wrong for the webhook. */
export function v2Targets(map: MirrorMap): MapEntry[] {
  return map.entries.filter((entry) => isTarget(entry) && readTarget(entry.value).hasApiPath);
}

/** Entries whose images land outside `endpoint/basePath`. The base path may be empty or have slashes around it. */
export function targetsOutside(map: MirrorMap, endpoint: string, basePath: string): MapEntry[] {
  const base = basePath.split('/').filter((part) => part !== '');
  return map.entries.filter((entry) => {
    if (!isTarget(entry)) return false;
    const { host, path } = readTarget(entry.value);
    return host !== endpoint || !isUnder(entry.kind, path, base.join('/'));
  });
}

/** A prefix may be the base path itself, an exact image must be below it. */
function isUnder(kind: MapEntry['kind'], path: string, base: string): boolean {
  if (base === '' || path.startsWith(`${base}/`)) return true;
  return kind !== 'exact' && path === base;
}

/** Entries that mean nothing to containerd although they map images for the webhook. */
export function ignoredByContainerd(map: MirrorMap): MapEntry[] {
  return map.entries.filter((entry) => isTarget(entry) && !isContainerdEntry(entry));
}

/** Whether the value is a target: an empty one only excludes, save where it replaces the image's name. */
function isTarget({ kind, value }: MapEntry): boolean {
  return kind !== 'noswap' && (value !== '' || kind === 'exact' || kind === 'replace');
}
