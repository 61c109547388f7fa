import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { signEnvelope } from '../bundle/envelope.ts';
import { type Provenance, type Resource, slsaType, statementType } from '../bundle/provenance.ts';
import type { Signer } from '../bundle/sign.ts';
import type { CreateResult } from '../commands/create.ts';
import type { Context } from '../context.ts';
import { onDisk } from '../disk/failures.ts';
import { asHint, replaceFile } from '../disk/replace.ts';
import { defined } from '../inputs/defined.ts';
import { variablesOf } from '../inputs/overrides.ts';
import { utcSeconds } from '../inputs/time.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { referenceIn } from '../oci/reference.ts';
import type { Inventory } from '../plan/inventory.ts';
import { genericPurl, ociPurl } from '../sbom/purl.ts';
import { toolName, toolVersion } from '../version.ts';
import type { ActionInputs } from './inputs.ts';

interface Making {
  readonly inputs: ActionInputs;
  /** Absent: the bundle is not signed. */
  readonly sign: Signer | undefined;
  /** When the step began. */
  readonly startedAt: Date;
}

/** Says how the parameters are to be read; `docs/sbom.md` does. A name, no address. */
const buildType = 'urn:airgap-bundle:build-type:action:v1';

/**
 * Writes beside a bundle where and of what the Action made it: an in-toto Statement with SLSA's provenance, in a DSSE
 * envelope with the signature of the bundle's key.
 * @returns its path; undefined for an unsigned bundle, and where no run of GitHub says what it is
 * @throws AirgapError io
 */
export async function writeProvenance(
  made: CreateResult,
  { inputs, sign, startedAt }: Making,
  context: Context,
): Promise<string | undefined> {
  const run = runOf(context);
  if (!run || !sign) return undefined;
  const path = `${made.bundle}.intoto.jsonl`;
  const statement: Provenance = {
    _type: statementType,
    subject: await subjects(made),
    predicateType: slsaType,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { workflow: run.workflow, inputs: parameters(inputs, context) },
        internalParameters: { github: run.github },
        resolvedDependencies: [run.commit, ...dependencies(made.inventory)],
      },
      runDetails: {
        builder: { id: run.builder, version: { [toolName]: toolVersion } },
        metadata: {
          invocationId: run.invocation,
          startedOn: utcSeconds(startedAt),
          finishedOn: utcSeconds(context.now()),
        },
        byproducts: [{ name: 'bundle.json', digest: digestSet(made.inventoryDigest) }],
      },
    },
  };
  await replaceFile(path, signEnvelope(statement, sign), asHint);
  return path;
}

/** What GitHub says of a run (docs.github.com, "Variables reference"); undefined elsewhere. */
function runOf({ env }: Context) {
  const { GITHUB_REPOSITORY: repository, GITHUB_SHA: sha, GITHUB_RUN_ID: id } = env;
  if (!repository || !sha || !id) return undefined;
  const server = env.GITHUB_SERVER_URL || 'https://github.com';
  const home = `${server}/${repository}`;
  const [, file, ref] = /^(.+?)@(refs\/.+)$/.exec(env.GITHUB_WORKFLOW_REF ?? '') ?? [];
  return {
    builder: file ? `${server}/${file}@${ref}` : home,
    invocation: `${home}/actions/runs/${id}/attempts/${env.GITHUB_RUN_ATTEMPT || '1'}`,
    workflow: defined({ repository: home, ref, path: file?.slice(repository.length + 1) }),
    commit: {
      uri: `git+${home}${env.GITHUB_REF ? `@${env.GITHUB_REF}` : ''}`,
      digest: { gitCommit: sha },
    },
    github: defined({
      event_name: env.GITHUB_EVENT_NAME,
      repository_id: env.GITHUB_REPOSITORY_ID,
      repository_owner_id: env.GITHUB_REPOSITORY_OWNER_ID,
      runner_environment: env.RUNNER_ENVIRONMENT,
      workflow_sha: env.GITHUB_WORKFLOW_SHA,
    }),
  };
}

/** The whole first: tools that take one subject alone take that. */
async function subjects({ bundle, parts, sha256 }: CreateResult): Promise<Resource[]> {
  const whole = { name: basename(bundle), digest: { sha256 } };
  if (parts.length === 1 && parts[0] === bundle) return [whole];
  const path = `${bundle}.sha256`;
  const sums = (await onDisk(path, readFile(path, 'utf8'))).trimEnd().split('\n');
  const each = sums.map((line) => line.split('  '));
  return [whole, ...each.map(([hex = '', name = '']) => ({ name, digest: { sha256: hex } }))];
}

/**
 * Settings by variable are under the names of the inputs that they stand for. No login, key or passphrase is among what
 * is named here, nor the file that one came in.
 */
function parameters({ commands, bundle, ...inputs }: ActionInputs, { env }: Context): object {
  const { 'signing-key-file': _, ...settings } = {
    ...defined(variablesOf(env)),
    ...defined(bundle.given),
  };
  const { plan, splitSize, withoutImages, reuse, since, join, fresh, deep } = inputs;
  return defined({
    command: commands,
    file: bundle.file,
    ...{ plan, reuse, since, join },
    'split-size': splitSize,
    'without-images': withoutImages || undefined,
    fresh: fresh || undefined,
    deep: deep || undefined,
    ...settings,
  });
}

/** What the bundle was made of: images as their sources have them, the chart, the map, the bundle that a delta builds on. */
function dependencies({ images, chart, target, base }: Inventory): Resource[] {
  return [
    ...images.map(({ source, digest, originalDigest = digest }) => image(source, originalDigest)),
    ...(chart
      ? [{ uri: genericPurl(chart.name, chart.version), digest: digestSet(chart.digest) }]
      : []),
    { name: 'mirror map', digest: digestSet(digestOf(Buffer.from(target.mirrorMap))) },
    ...(base
      ? [
          {
            name: `bundle.json of ${base.name} ${base.version}`,
            digest: digestSet(base.inventoryDigest),
          },
        ]
      : []),
  ];
}

function image(source: string, digest: Digest): Resource {
  const reference = referenceIn(source);
  const uri = reference ? ociPurl(reference, digest) : undefined;
  return { ...(uri === undefined ? { name: source } : { uri }), digest: digestSet(digest) };
}

function digestSet(digest: Digest): Record<string, string> {
  return { [digest.slice(0, digest.indexOf(':'))]: hexOf(digest) };
}
