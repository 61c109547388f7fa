import { dirname, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { AirgapError, Failures } from '../report/error.ts';
import { readCertificates } from './certificate.ts';
import { defined } from './defined.ts';
import { checkEndpoint, readBasePath } from './endpoint.ts';
import { fieldErrors } from './field-errors.ts';
import { fieldName, type Node } from './fields.ts';
import { readText } from './files.ts';
import { parseMapping } from './mapping.ts';
import { readMap } from './read-map.ts';
import { sectionOf } from './section.ts';
import { type SiteDocument, siteJsonSchema, siteSchema } from './site-schema.ts';
import type { RegistryAccess, TargetSpec } from './spec.ts';

/** What a site file says of the target; what is absent stays as the bundle has it. */
export interface Site {
  /** Absolute path of the file. */
  readonly path: string;
  readonly endpoint?: string;
  readonly name?: string;
  readonly baseContentPath?: string;
  readonly insecureSkipVerify?: boolean;
  /** PEM; empty: none. */
  readonly caCert?: string;
  readonly map?: Pick<TargetSpec, 'mirrorRegistries' | 'mirrorMap'>;
  /** How registries are reached from here, by host; only the endpoint has a meaning. */
  readonly access: Readonly<Record<string, RegistryAccess>>;
  readonly pullThrough?: readonly string[];
}

const siteFile = 'the site file';

/**
 * Reads a site file and the files that it names. What its fields mean for a bundle is `siteTarget`'s.
 * @throws AirgapError or Failures of class usage; io when a file cannot be read
 */
export async function readSite(file: string, context: Context): Promise<Site> {
  const path = resolve(context.cwd, file);
  const document = validate(
    parseMapping(await readText(path, siteFile), path, siteFile, 'ociImageRegistry:'),
    path,
  );
  const folder = dirname(path);
  return {
    path,
    ...(await readSection(document, folder, context)),
    access: await readAccess(document, folder, context),
    ...defined({ pullThrough: document.pullThrough }),
  };
}

function validate(document: unknown, path: string): SiteDocument {
  const result = siteSchema.safeParse(document);
  if (!result.success) {
    const schema = siteJsonSchema() as Node;
    const errors = fieldErrors(result.error.issues, {
      ...{ document, schema },
      placeOf: () => path,
      placeAt: (field) => ({ file: path, field: field.map(String) }),
    });
    if (errors.length === 1 && errors[0]) throw errors[0];
    throw new Failures(`${path} has ${errors.length} mistakes`, errors);
  }
  const { ociImageRegistry, config, registries, pullThrough } = result.data;
  if (ociImageRegistry || config || registries || pullThrough) return result.data;
  throw new AirgapError('usage', `${siteFile} says nothing of this site`, {
    given: path,
    expected: 'ociImageRegistry: {endpoint: harbor.site.example, baseContentPath: images}',
  });
}

async function readSection(
  document: SiteDocument,
  folder: string,
  context: Context,
): Promise<Omit<Site, 'path' | 'access'>> {
  const section = sectionOf(document, context);
  if (!section) return {};
  const { endpoint, name, baseContentPath, insecureSkipVerify, mirrorRegistries } = section;
  if (endpoint !== undefined) checkEndpoint(endpoint);
  return defined({
    endpoint,
    name,
    baseContentPath: baseContentPath === undefined ? undefined : readBasePath(baseContentPath),
    insecureSkipVerify,
    caCert: await readCa(section.caCert, folder, context),
    map:
      mirrorRegistries === undefined ? undefined : await readMap(mirrorRegistries, folder, context),
  });
}

/** `caCert:` without a value takes the bundle's away. */
async function readCa(
  caCert: string | null | undefined,
  folder: string,
  context: Context,
): Promise<string | undefined> {
  if (!caCert) return caCert === undefined ? undefined : '';
  return readCertificates(caCert, folder, 'ociImageRegistry.caCert', context);
}

async function readAccess(
  { registries = {} }: SiteDocument,
  folder: string,
  context: Context,
): Promise<Site['access']> {
  const entries = Object.entries(registries).map(
    async ([host, { plainHttp, insecureSkipVerify, caCert }]) => {
      const field = fieldName(['registries', host, 'caCert']);
      const pem = caCert && (await readCertificates(caCert, folder, field, context));
      return [host, defined({ plainHttp, insecureSkipVerify, caCert: pem })] as const;
    },
  );
  return Object.fromEntries(await Promise.all(entries));
}
