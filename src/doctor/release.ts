import { loadAll } from 'js-yaml';
import * as z from 'zod';
import { type ClusterTools, isForbidden } from '../cluster/tools.ts';
import type { Inventory } from '../plan/inventory.ts';
import { AirgapError } from '../report/error.ts';
import { type Check, check, type Finding, failure, ok, warning } from './check.ts';

/** An object that the release has, as its chart was rendered. */
export type ReleaseObject = z.infer<typeof objectForm>;

const objectForm = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  data: z.record(z.string(), z.unknown()).nullish(),
});

const statusForm = z.looseObject({
  info: z.looseObject({ status: z.string(), description: z.string().default('') }),
  version: z.number(),
  manifest: z.string().default(''),
});

/** Which release, and in which namespace helm keeps it. */
export interface ReleaseName {
  readonly name: string;
  readonly namespace: string;
}

/** `release`: helm has it deployed, from the bundle's chart. */
export async function releaseCheck(
  cluster: ClusterTools,
  release: ReleaseName,
  inventory: Inventory,
): Promise<{ check: Check; objects: readonly ReleaseObject[] | undefined }> {
  let objects: readonly ReleaseObject[] | undefined;
  const done = await check('release', async () => {
    const status = await readStatus(cluster, release);
    if (status === undefined)
      return failure(`there is no release ${release.name} in ${release.namespace}`, cure);
    const judged = judge(status, release, inventory);
    objects = objectsOf(status.manifest, release.namespace);
    return objects || judged.status === 'failure' ? judged : unreadable(judged, release);
  });
  return { check: done, objects };
}

const cure = 'sh install.sh BUNDLE --key PUB --only chart';

function judge(
  { info, version }: z.infer<typeof statusForm>,
  { name, namespace }: ReleaseName,
  { chart }: Inventory,
): Finding {
  const what = `${name} in ${namespace}, revision ${version}, is ${info.status}`;
  if (info.status !== 'deployed')
    return failure(`${what}${info.description && `: ${info.description}`}`, cure);
  if (chart && info.description.includes(chart.digest))
    return ok(`${what}, from this bundle's chart`);
  return warning(
    `${what}, but install.sh did not install it from this bundle's chart (${info.description})`,
    cure,
  );
}

function unreadable({ evidence }: Finding, { name, namespace }: ReleaseName): Finding {
  return warning(
    `${evidence}; its manifest is no YAML, so that what it brought cannot be looked at`,
    `helm get manifest ${name} --namespace ${namespace}`,
  );
}

async function readStatus(cluster: ClusterTools, { name, namespace }: ReleaseName) {
  try {
    const text = await cluster.helm('status', name, '--namespace', namespace, '--output', 'json');
    return statusForm.parse(JSON.parse(text));
  } catch (error) {
    const isMissing =
      error instanceof AirgapError &&
      !isForbidden(error) &&
      /release: not found/.test(error.given ?? '');
    if (isMissing) return undefined;
    throw error;
  }
}

/** What is no object is left out: helm has taken it. Undefined where helm reads more than we can. */
function objectsOf(manifest: string, namespace: string): ReleaseObject[] | undefined {
  return documents(manifest)?.flatMap((document) => {
    const { success, data } = objectForm.safeParse(document);
    if (!success) return [];
    return [
      { ...data, metadata: { ...data.metadata, namespace: data.metadata.namespace ?? namespace } },
    ];
  });
}

function documents(manifest: string): unknown[] | undefined {
  try {
    return loadAll(manifest);
  } catch {
    return undefined;
  }
}
