import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { type Platform, parsePlatform } from '../oci/platform.ts';
import { AirgapError, type Place } from '../report/error.ts';
import { readTools } from './carried-tools.ts';
import { readCertificates } from './certificate.ts';
import { readCredentials } from './credentials.ts';
import { defined } from './defined.ts';
import { parseDuration } from './duration.ts';
import { checkEndpoint, checkRegistry, readBasePath, readPullThrough } from './endpoint.ts';
import { fieldName } from './fields.ts';
import { readImages } from './image-list.ts';
import { readImageSource } from './image-source.ts';
import { nowhere, type PlaceAt } from './places.ts';
import { readMap } from './read-map.ts';
import type { BundleDocument } from './schema.ts';
import { sectionOf, sectionPlace } from './section.ts';
import type { BundleSpec, RegistryAccess, TargetSpec } from './spec.ts';
import { utcSeconds } from './time.ts';

type Section = NonNullable<BundleDocument['ociImageRegistry']>;

/**
 * Turns a checked document into a spec: reads lists, maps and certificates, makes paths absolute.
 * @param folder where relative paths start
 * @param placeAt where its fields are written
 */
export async function makeSpec(
  document: BundleDocument,
  folder: string,
  context: Context,
  placeAt: PlaceAt = nowhere,
): Promise<Omit<BundleSpec, 'lock' | 'lockPath'>> {
  const section = requiredSection(document, context);
  const target = await readTarget(section, folder, context, placeAt(mapField(document)));
  const { chart, ...imageSwap } = document.imageSwap;
  return {
    folder,
    name: document.name,
    version: document.version,
    environment: document.environment,
    target,
    imageSwap: defined({ ...imageSwap, chart: chart && chartLocation(chart, folder) }),
    ...(await readImages(document.images, folder, placeAt)),
    covers: document.covers.map((item, index) => readImageSource(item, `covers[${index}]`, folder)),
    platforms: document.platforms.map((text, index) => readPlatform(text, index, placeAt)),
    referrers: document.referrers,
    registries: await readRegistries(document, target, folder, context),
    pullThrough: document.pullThrough.map((path, index) => readPullThrough(path, index, target)),
    tools: readTools(document.tools, folder),
    ...defined({
      credentials: readCredentials(document.credentials),
      signing: signingOf(document, folder),
      retryBudgetMs: retryBudgetOf(document),
      sequence: document.sequence,
      expires: document.expires && timeOf(document.expires),
    }),
  };
}

function requiredSection(document: BundleDocument, context: Context): Section {
  const section = sectionOf(document, context);
  if (section) return section;
  throw new AirgapError('usage', 'ociImageRegistry is missing', {
    expected: sectionPlace,
    next: 'add the section, or begin a bundle.yaml with: airgap-bundle init',
  });
}

function mapField({ config }: BundleDocument): string[] {
  return [...(config ? ['config'] : []), 'ociImageRegistry', 'mirrorRegistries'];
}

async function readTarget(
  section: Section,
  folder: string,
  context: Context,
  mapPlace: Place | undefined,
): Promise<TargetSpec> {
  checkEndpoint(section.endpoint);
  const map = await readMap(section.mirrorRegistries, folder, context, mapPlace);
  return {
    endpoint: section.endpoint,
    name: section.name,
    baseContentPath: readBasePath(section.baseContentPath),
    insecureSkipVerify: section.insecureSkipVerify,
    ...map,
    ...(section.caCert
      ? {
          caCert: await readCertificates(
            section.caCert,
            folder,
            'ociImageRegistry.caCert',
            context,
          ),
        }
      : {}),
  };
}

function readPlatform(text: string, index: number, placeAt: PlaceAt): Platform {
  try {
    return parsePlatform(text);
  } catch (cause) {
    throw new AirgapError('usage', `platforms[${index}] is no platform`, {
      given: text,
      expected: 'os/architecture[/variant], such as linux/amd64',
      place: placeAt(['platforms', index]),
      cause,
    });
  }
}

/** What `registries` says of the endpoint wins over the section for our own requests. */
async function readRegistries(
  document: BundleDocument,
  target: TargetSpec,
  folder: string,
  context: Context,
): Promise<Record<string, RegistryAccess>> {
  const { insecureSkipVerify, caCert } = target;
  const registries: Record<string, RegistryAccess> = {
    [target.endpoint]: defined({ insecureSkipVerify, caCert }),
  };
  for (const [host, { caCert: pem, ...access }] of Object.entries(document.registries)) {
    checkRegistry(host, access.mirror);
    registries[host] = {
      ...registries[host],
      ...defined(access),
      ...(pem
        ? {
            caCert: await readCertificates(
              pem,
              folder,
              fieldName(['registries', host, 'caCert']),
              context,
            ),
          }
        : {}),
    };
  }
  return registries;
}

function signingOf({ signing, unsigned }: BundleDocument, folder: string): BundleSpec['signing'] {
  const key = signing && 'key' in signing ? signing.key : undefined;
  if (key && unsigned) {
    throw new AirgapError('usage', 'signing.key and unsigned: true contradict each other', {
      expected: 'one of the two',
      next: 'leave out unsigned, so that load accepts the bundle with the public key',
    });
  }
  if (unsigned) return { unsigned };
  return key ? { key: resolve(folder, key) } : (signing as { unsigned: true } | undefined);
}

function retryBudgetOf({ retryBudget }: BundleDocument): number | undefined {
  return retryBudget === undefined ? undefined : parseDuration(retryBudget, 'retryBudget');
}

/** RFC 3339 in UTC with whole seconds. */
function timeOf(date: string): string {
  return utcSeconds(new Date(date));
}

function chartLocation(chart: string, folder: string): string {
  return chart.startsWith('oci://') ? chart : resolve(folder, chart);
}
