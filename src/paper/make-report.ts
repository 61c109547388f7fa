import { sumsPath } from '../bundle/sums.ts';
import { utcSeconds } from '../inputs/time.ts';
import { credentialPaths } from '../install/carried-credential.ts';
import { digestOf } from '../oci/digest.ts';
import type { Inventory } from '../plan/inventory.ts';
import { mapEdges } from '../plan/map-edges.ts';
import { withoutPlaces } from '../plan/problem.ts';
import { basePath } from '../plan/repositories.ts';
import { errorJson } from '../report/error-text.ts';
import { checksOf } from './checks.ts';
import type { RunFacts } from './facts.ts';
import { reportImages } from './images.ts';
import { overridesOf } from './overrides.ts';
import type { Report, ReportBundle, ReportTarget } from './report.ts';
import { registryShares, sharedBlobs, sumsOf } from './sizes.ts';
import { verdictOf } from './verdict.ts';

/** The report of a run. Pure: everything was asked before. */
export function makeReport(facts: RunFacts): Report {
  const { verb, at, inventory, signature, problems, contents, files, tools } = facts;
  const bundle = bundleOf(facts);
  const target = targetOf(facts);
  const overrides = overridesOf(facts);
  const errors = facts.errors.map(errorJson);
  const sums = sumsOf(facts);
  return {
    schemaVersion: 1,
    verb,
    at: utcSeconds(at),
    verdict: verdictOf({ verb, bundle, target, signature, overrides, problems, sums, errors }),
    bundle,
    target,
    signature,
    overrides,
    problems: problems?.map(withoutPlaces) ?? null,
    errors,
    sums,
    registries: registryShares(facts),
    map: mapEdges(inventory, contents),
    shared: contents ? sharedBlobs(contents) : null,
    images: reportImages(facts),
    files,
    contents: contentsOf(inventory),
    tools,
    checks: checksOf(facts),
  };
}

function bundleOf({ at, inventory, bundle }: RunFacts): ReportBundle {
  const { name, version, sequence, createdAt, expiresAt, chart, credentials, tool } = inventory;
  return {
    name,
    version,
    sequence,
    createdAt,
    expiresAt: expiresAt ?? null,
    isExpired: expiresAt !== undefined && at.getTime() >= Date.parse(expiresAt),
    carries: bundle ? carried(inventory) : null,
    base: baseOf(inventory),
    credentials: credentials ?? null,
    chart: chart ?? null,
    inventoryDigest: bundle?.inventoryDigest ?? null,
    size: bundle?.size ?? null,
    tool,
  };
}

function carried({ imagesNotEmbedded, base }: Inventory): 'all' | 'delta' | 'none' {
  if (imagesNotEmbedded) return 'none';
  return base ? 'delta' : 'all';
}

function baseOf({ base }: Inventory): ReportBundle['base'] {
  if (!base) return null;
  const { blobs: _, ...about } = base;
  return about;
}

function targetOf({ inventory: { target }, signedTarget }: RunFacts): ReportTarget {
  const { plainHttp, insecureSkipVerify, caCert, environment, mirrorMap, pullThrough } = target;
  return {
    path: basePath(target),
    environment,
    plainHttp,
    insecureSkipVerify,
    caCert: caCert === undefined ? null : digestOf(Buffer.from(caCert)),
    pullThrough: pullThrough ?? [],
    mirrorMap,
    signedTarget: signedTarget ?? null,
  };
}

/** A sum over a credential in clear text tells who guesses it that he is right: create's own result leaves it out too. */
function contentsOf({ files, credentials }: Inventory): Report['contents'] {
  const secret = credentials === 'embed' ? [credentialPaths.embed, sumsPath] : [];
  return files
    .filter(({ path }) => !secret.includes(path))
    .map(({ path, size, sha256 }) => ({ path, size, sha256 }));
}
