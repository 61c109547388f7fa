import { defined } from '../inputs/defined.ts';
import { readPullThrough } from '../inputs/endpoint.ts';
import { fieldName } from '../inputs/fields.ts';
import type { Site } from '../inputs/site.ts';
import type { RegistryAccess, TargetSpec } from '../inputs/spec.ts';
import { moveMap, moveTarget } from '../mirror-map/move.ts';
import { isCommaForm, parseMirrorMap } from '../mirror-map/parse.ts';
import { printEntries, printMirrorMap } from '../mirror-map/print.ts';
import { AirgapError } from '../report/error.ts';
import type { InventoryTarget } from './inventory.ts';

/** A target with all that the cluster is told of it, and all that we need to reach it. */
export interface Destination {
  readonly section: TargetSpec;
  readonly access: Pick<InventoryTarget, 'plainHttp' | 'insecureSkipVerify' | 'caCert'>;
  readonly pullThrough: readonly string[];
}

/**
 * The target of a bundle as a site file names it. What the file leaves out stays, but for how the registry is reached:
 * another endpoint is another registry. Without a map of its own the bundle's is moved to the new endpoint and base path.
 * @throws AirgapError usage for what does not lie at the endpoint
 */
export function siteTarget(site: Site, signed: Destination): Destination {
  const { name, endpoint: host, baseContentPath: path } = signed.section;
  const { endpoint = host, baseContentPath = path } = site;
  const base = { endpoint, baseContentPath };
  const known = endpoint === host ? signed : unknownRegistry;
  const { insecureSkipVerify, caCert } = site;
  return {
    section: {
      ...base,
      name: site.name ?? name,
      insecureSkipVerify: insecureSkipVerify ?? known.section.insecureSkipVerify,
      ...withCa(caCert ?? known.section.caCert),
      ...siteMap(site, signed.section, base),
    },
    access: siteAccess(known.access, { insecureSkipVerify, caCert, ...accessOf(site, endpoint) }),
    pullThrough:
      site.pullThrough?.map((one, index) => readPullThrough(one, index, base)) ??
      signed.pullThrough.map((one) => moveTarget(one, signed.section, base)),
  };
}

const unknownRegistry: {
  readonly section: Pick<TargetSpec, 'insecureSkipVerify' | 'caCert'>;
  readonly access: Destination['access'];
} = {
  section: { insecureSkipVerify: false },
  access: { plainHttp: false, insecureSkipVerify: false },
};

type Base = Pick<TargetSpec, 'endpoint' | 'baseContentPath'>;

function siteMap(site: Site, signed: TargetSpec, base: Base): NonNullable<Site['map']> {
  if (site.map) return site.map;
  const { endpoint, baseContentPath, mirrorRegistries, mirrorMap } = signed;
  if (endpoint === base.endpoint && baseContentPath === base.baseContentPath)
    return { mirrorRegistries, mirrorMap };
  const entries = moveMap(mirrorMap, signed, base);
  // What stood in lines need not fit between commas.
  const moved = isCommaForm(mirrorRegistries)
    ? printEntries(entries)
    : printMirrorMap({ entries, problems: [] });
  return { mirrorRegistries: moved, mirrorMap: parseMirrorMap(moved) };
}

function accessOf({ access }: Site, endpoint: string): RegistryAccess {
  const other = Object.keys(access).find((host) => host !== endpoint);
  if (other === undefined) return access[endpoint] ?? {};
  throw new AirgapError('usage', `${fieldName(['registries', other])} is not the endpoint`, {
    given: other,
    expected: endpoint,
    next: 'a site file tells of the target registry alone',
  });
}

type Said = { readonly [K in keyof Destination['access']]?: Destination['access'][K] | undefined };

function siteAccess(known: Destination['access'], said: Said): Destination['access'] {
  const { caCert, ...access } = { ...known, ...defined(said) };
  return { ...access, ...withCa(caCert) };
}

/** An empty one takes away what was there. */
function withCa(caCert: string | undefined): { caCert?: string } {
  return caCert ? { caCert } : {};
}
