import { basename, resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { printAsList } from '../mirror-map/print.ts';
import { type Platform, parsePlatform } from '../oci/platform.ts';
import { AirgapError, Failures } from '../report/error.ts';
import { readCertificates } from './certificate.ts';
import { checkEndpoint } from './endpoint.ts';
import { readText } from './files.ts';
import { parseImageList } from './image-list.ts';
import type { BundleDocument } from './schema.ts';
import type { BundleSpec, ListedImage, RegistryAccess, TargetSpec } from './spec.ts';

type Section = NonNullable<BundleDocument['ociImageRegistry']>;

/**
 * Turns a checked document into a spec: reads lists, maps and certificates, makes paths absolute.
 * @param folder where relative paths start
 */
export async function makeSpec(
  document: BundleDocument,
  folder: string,
  context: Context,
): Promise<BundleSpec> {
  const target = await readTarget(sectionOf(document, context), folder, context);
  const { chart, ...imageSwap } = document.imageSwap;
  return {
    folder,
    name: document.name,
    version: document.version,
    environment: document.environment,
    target,
    imageSwap: defined({ ...imageSwap, chart: chart && chartLocation(chart, folder) }),
    images: await readImages(document.images, folder),
    platforms: document.platforms.map((text, index) => readPlatform(text, index)),
    registries: await readRegistries(document, target, folder),
    pullThrough: document.pullThrough.map((path) => path.replace(/\/+$/, '')),
    ...defined({
      signing: signingOf(document, folder),
      sequence: document.sequence,
      expires: document.expires && new Date(document.expires).toISOString().replace(/\.\d+Z$/, 'Z'),
    }),
  };
}

function sectionOf(document: BundleDocument, context: Context): Section {
  const section = document.ociImageRegistry ?? document.config?.ociImageRegistry;
  if (!section || (document.ociImageRegistry && document.config)) {
    throw new AirgapError(
      'usage',
      section ? 'ociImageRegistry is given twice' : 'ociImageRegistry is missing',
      {
        expected: 'the section once, at the top or under `config:`',
      },
    );
  }
  if (section.password) context.emit({ kind: 'secret', value: section.password });
  if (section.username || section.password) {
    context.emit({
      kind: 'warning',
      message: 'username and password in ociImageRegistry are not used and not put into the bundle',
      cure: 'delete them; give the pull credential to install.sh with --username and --password-file',
    });
  }
  return section;
}

async function readTarget(section: Section, folder: string, context: Context): Promise<TargetSpec> {
  checkEndpoint(section.endpoint);
  const map = await readMap(section.mirrorRegistries, folder, context);
  return {
    endpoint: section.endpoint,
    name: section.name,
    baseContentPath: section.baseContentPath.replace(/^\/+|\/+$/g, ''),
    insecureSkipVerify: section.insecureSkipVerify,
    ...map,
    ...(section.caCert
      ? { caCert: await readCertificates(section.caCert, folder, 'ociImageRegistry.caCert') }
      : {}),
  };
}

async function readMap(
  value: Section['mirrorRegistries'],
  folder: string,
  context: Context,
): Promise<{ mirrorRegistries: string; mirrorMap: MirrorMap }> {
  if (typeof value === 'string') return checkMap(value, value, 'mirrorRegistries', context);
  if ('file' in value) {
    const path = resolve(folder, value.file);
    const text = await readText(path, 'the mirror map');
    return checkMap(printAsList(text), text, path, context);
  }
  return checkMap(value.join(','), value.join('\n'), 'mirrorRegistries', context);
}

/** Refuses what the webhook would ignore in silence; a deprecated spelling is a warning. */
function checkMap(mirrorRegistries: string, text: string, name: string, context: Context) {
  const mirrorMap = parseMirrorMap(text);
  const errors: AirgapError[] = [];
  for (const { line, column, text: entry, message, severity } of mirrorMap.problems) {
    const at = `${name}:${line}:${column}`;
    if (severity === 'warning') context.emit({ kind: 'warning', message: `${at}: ${message}` });
    else
      errors.push(
        new AirgapError('usage', `${at}: ${message}`, { given: entry, expected: 'source::target' }),
      );
  }
  if (errors.length > 0)
    throw new Failures('the mirror map has entries that the webhook would ignore', errors);
  if (mirrorMap.entries.length > 0) return { mirrorRegistries, mirrorMap };
  throw new AirgapError('usage', 'the mirror map is empty', {
    given: name,
    expected: 'source::target,…',
  });
}

async function readImages(items: BundleDocument['images'], folder: string): Promise<ListedImage[]> {
  const listed: ListedImage[] = [];
  for (const [index, item] of items.entries()) {
    if (typeof item === 'string') listed.push({ image: item, origin: `images[${index}]` });
    else listed.push(...(await readList(resolve(folder, item.list), `images[${index}].list`)));
  }
  if (listed.length > 0) return listed;
  throw new AirgapError('usage', 'no image is listed', {
    expected: 'images: [nginx:1.27, {list: images.txt}]',
  });
}

async function readList(path: string, field: string): Promise<ListedImage[]> {
  return parseImageList(await readText(path, `${field}: the image list`), basename(path));
}

function readPlatform(text: string, index: number): Platform {
  try {
    return parsePlatform(text);
  } catch (cause) {
    throw new AirgapError('usage', `platforms[${index}] is no platform`, {
      given: text,
      expected: 'os/architecture[/variant], such as linux/amd64',
      cause,
    });
  }
}

/** What `registries` says of the endpoint wins over the section for our own requests. */
async function readRegistries(
  document: BundleDocument,
  target: TargetSpec,
  folder: string,
): Promise<Record<string, RegistryAccess>> {
  const { insecureSkipVerify, caCert } = target;
  const registries: Record<string, RegistryAccess> = {
    [target.endpoint]: defined({ insecureSkipVerify, caCert }),
  };
  for (const [host, { caCert: pem, ...access }] of Object.entries(document.registries)) {
    registries[host] = {
      ...registries[host],
      ...defined(access),
      ...(pem ? { caCert: await readCertificates(pem, folder, `registries.${host}.caCert`) } : {}),
    };
  }
  return registries;
}

function signingOf(document: BundleDocument, folder: string): BundleSpec['signing'] {
  if (document.unsigned) return { unsigned: true };
  if (document.signing && 'key' in document.signing)
    return { key: resolve(folder, document.signing.key) };
  return document.signing;
}

function chartLocation(chart: string, folder: string): string {
  return chart.startsWith('oci://') ? chart : resolve(folder, chart);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out the fields that are undefined. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
