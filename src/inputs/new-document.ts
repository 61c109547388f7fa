import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { defaultMap } from '../mirror-map/default-map.ts';
import { readText } from './files.ts';
import { parseImageList } from './image-list.ts';
import { type Given, withOverrides } from './overrides.ts';
import type { ValuesSection } from './values-section.ts';

/** A bundle.yaml before it is checked; what is not named here stays as it was given. */
export interface NewDocument extends Record<string, unknown> {
  ociImageRegistry: Record<string, unknown>;
  images?: unknown;
  imageSwap?: { chart?: string };
  signing?: { key?: string };
}

/**
 * What a new bundle.yaml says: the values of a chart, settings over them, and what people mostly want where neither
 * says anything.
 * @param file where it will lie: its paths are relative to it, unless they were given as absolute ones
 */
export async function newDocument(
  values: ValuesSection | undefined,
  given: Given,
  file: string,
  context: Context,
): Promise<NewDocument> {
  const { ociImageRegistry = {}, isEKSCluster } = values ?? {};
  const start = {
    ociImageRegistry,
    ...(isEKSCluster === undefined ? {} : { imageSwap: { isEKSCluster } }),
  };
  const layers = { flags: given, variables: {} };
  const said = withOverrides(start, layers, context.cwd) as NewDocument;
  const document: NewDocument = {
    apiVersion: 'airgap-bundle/v1',
    name: folderName(file),
    version: '1.0.0',
    ...(said.unsigned === true ? {} : { signing: { key: resolve(dirname(file), 'bundle.key') } }),
    ...said,
    ociImageRegistry: await wholeSection(said, context),
  };
  return withPathsBeside(document, dirname(file), asGiven(given, context));
}

/** A name that the bundle can have, after the folder of the file. */
function folderName(file: string): string {
  const words = basename(dirname(file))
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ['bundle'];
  return words.join('-').slice(0, 100).replace(/-$/, '');
}

async function wholeSection(document: NewDocument, context: Context) {
  const { endpoint, baseContentPath = 'airgap-images', ...section } = document.ociImageRegistry;
  const base = [endpoint, baseContentPath].filter((part) => part !== '').join('/');
  return {
    endpoint,
    name: registryName(String(endpoint)),
    baseContentPath,
    mirrorRegistries: defaultMap(base, await namedImages(document.images, context)),
    ...section,
  };
}

/** The first part of a host's name; of an address none would say anything. */
export function registryName(endpoint: string): string {
  const [first = ''] = endpoint.split(/[.:]/);
  return /^[a-z]/i.test(first) ? first : 'registry';
}

/** Those of lists among them. */
async function namedImages(images: unknown, { cwd }: Context): Promise<string[]> {
  const items = Array.isArray(images) ? (images as (string | { list: string })[]) : [];
  const lists = items.map(async (item) => {
    if (typeof item === 'string') return [item];
    const text = await readText(resolve(cwd, item.list), 'the image list');
    return parseImageList(text, basename(item.list)).map(({ image }) => image);
  });
  return (await Promise.all(lists)).flat();
}

/** What was given as an absolute path is meant as one. */
function asGiven(given: Given, { cwd }: Context): ReadonlySet<string> {
  const texts = Object.values(given).filter((value) => typeof value === 'string');
  return new Set(texts.filter((text) => isAbsolute(text)).map((text) => resolve(cwd, text)));
}

/** The paths in it, which settings were resolved to, as the file is to name them. */
function withPathsBeside(
  document: NewDocument,
  folder: string,
  absolute: ReadonlySet<string>,
): NewDocument {
  const beside = (path: unknown): unknown => {
    if (typeof path !== 'string' || !isAbsolute(path) || absolute.has(path)) return path;
    const short = relative(folder, path);
    return short.startsWith('..') ? short : `./${short}`;
  };
  const within = <T>(holder: T, key: string): T =>
    isHolder(holder) && key in holder ? { ...holder, [key]: beside(holder[key]) } : holder;
  const { ociImageRegistry, images, imageSwap, signing } = document;
  const { mirrorRegistries } = ociImageRegistry;
  return {
    ...document,
    ociImageRegistry: {
      ...within(ociImageRegistry, 'caCert'),
      mirrorRegistries: within(mirrorRegistries, 'file'),
    },
    ...(Array.isArray(images) ? { images: images.map((item) => within(item, 'list')) } : {}),
    ...(imageSwap ? { imageSwap: within(imageSwap, 'chart') } : {}),
    ...(signing ? { signing: within(signing, 'key') } : {}),
  };
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
