import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { SignedBundle } from '../bundle/verify.ts';
import type { Context } from '../context.ts';
import type { Site } from '../inputs/site.ts';
import type { OwnImages } from '../install/chart.ts';
import type { InstallFile } from '../install/files.ts';
import { type InstalledWith, readInstallFiles, targetFiles } from '../install/read-files.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import { moveTarget } from '../mirror-map/move.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { blobRepositories, travels } from '../plan/blobs.ts';
import type { Inventory } from '../plan/inventory.ts';
import { placeAnew } from '../plan/place-anew.ts';
import type { Problem } from '../plan/problem.ts';
import { basePath } from '../plan/repositories.ts';
import { type Destination, siteTarget } from '../plan/site-target.ts';
import { bundleGraph } from './bundle-graph.ts';
import { ownImageReferences } from './own-images.ts';
import { refuseOnErrors } from './plan.ts';

/** A bundle as it is installed at a site. */
export interface AtSite {
  /** As signed, but for target and placements. */
  readonly inventory: Inventory;
  /** What Secret, chart and nodes are told there. */
  readonly installed: InstalledWith;
  readonly site: SiteMark;
}

/** That target and placements are not signed, and where they come from. */
export interface SiteMark {
  /** Absolute path of the site file. */
  readonly file: string;
  readonly signed: false;
  /** `host/base path` that the images go to. */
  readonly target: string;
  /** The one that was signed. */
  readonly signedTarget: string;
}

/**
 * A bundle at the place that a site file describes: the signed images, placed anew by the plan's own rules. Only where
 * they go is the file's; it is told that this is not signed. Contacts nothing.
 * @throws AirgapError or Failures of class usage, with the same problems as `plan`; integrity, io
 */
export async function atSite(bundle: SignedBundle, site: Site, context: Context): Promise<AtSite> {
  const installed = await readInstalled(bundle);
  const signed = signedDestination(bundle.inventory, installed);
  const destination = siteTarget(site, signed);
  const { inventory, map, problems } = placeAnew(bundle.inventory, destination);
  refuseOnErrors(newProblems(problems, placeAnew(bundle.inventory, signed).problems), context);
  const mark = markOf(site, inventory, bundle.inventory);
  context.emit({ kind: 'warning', message: notSigned(mark) });
  const ownImages = movedOwnImages(
    installed.ownImages,
    bundle.inventory,
    { inventory, map },
    context,
  );
  return {
    inventory,
    installed: { ...installed, target: destination.section, ...(ownImages ? { ownImages } : {}) },
    site: mark,
  };
}

/** In words, for the record of what was loaded too. */
export function notSigned({ target, signedTarget }: Omit<SiteMark, 'file' | 'signed'>): string {
  return `the target ${target} comes from a site file and is not signed; the bundle was made for ${signedTarget}`;
}

/** The files of the bundle that name its target, as they are for this place. */
export async function filesAtSite(
  bundle: VerifiedBundle,
  { inventory, installed }: AtSite,
): Promise<InstallFile[]> {
  const carried = inventory.base
    ? inventory.images.filter((image) => travels(inventory, image))
    : [];
  const images = await Promise.all(
    carried.map(async (entry) => ({ entry, graph: await bundleGraph(bundle, entry) })),
  );
  return targetFiles({ inventory, ...installed, homes: blobRepositories(images, inventory) });
}

/** Whoever made the bundle has seen the warnings that hold for its own target too. */
function newProblems(problems: readonly Problem[], signed: readonly Problem[]): Problem[] {
  const name = ({ kind, images }: Problem) => [kind, ...images].join('\n');
  const known = new Set(signed.map(name));
  return problems.filter((one) => one.severity === 'error' || !known.has(name(one)));
}

/** @throws AirgapError integrity */
export function readInstalled(bundle: SignedBundle): Promise<InstalledWith> {
  const paths = bundle.inventory.files.map(({ path }) => path);
  return readInstallFiles(paths, (path) => bundle.read(path));
}

function signedDestination({ target }: Inventory, installed: InstalledWith): Destination {
  const { plainHttp, insecureSkipVerify, caCert, pullThrough = [] } = target;
  return {
    section: installed.target,
    access: { plainHttp, insecureSkipVerify, ...(caCert === undefined ? {} : { caCert }) },
    pullThrough,
  };
}

function markOf({ path }: Site, inventory: Inventory, signed: Inventory): SiteMark {
  const [target, signedTarget] = [basePath(inventory.target), basePath(signed.target)];
  return { file: path, signed: false, target, signedTarget };
}

/** Image-swap's own images go where the image goes that each of them was; any other one moves with the target. */
function movedOwnImages(
  own: OwnImages | undefined,
  signed: Inventory,
  { inventory, map }: { readonly inventory: Inventory; readonly map: MirrorMap },
  { emit }: Context,
): OwnImages | undefined {
  if (own === undefined) return undefined;
  const signedMap = parseMirrorMap(signed.target.mirrorMap);
  const moved = Object.entries(own).map(([role, reference]) => {
    const source = signed.images.find((image) => ownImage(signedMap, image.source) === reference);
    if (source) return [role, ownImage(map, source.source)];
    const other = moveTarget(reference, signed.target, inventory.target);
    if (other !== reference) emit({ kind: 'warning', message: notAmongImages(other) });
    return [role, other];
  });
  return Object.fromEntries(moved);
}

function notAmongImages(reference: string): string {
  return `image-swap itself would run from ${reference}, which is not among the images of the bundle: put it there`;
}

/** What the values call an image that is mirrored. */
function ownImage(map: MirrorMap, source: string): string | undefined {
  const listed = [{ image: source, origin: '' }];
  return ownImageReferences({ map }, { sources: { image: source }, listed }).image;
}
