import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printInventory } from '../bundle/inventory-json.ts';
import { diskError, onDisk } from '../disk/failures.ts';
import { totalSize } from '../oci/descriptor.ts';
import { hasErrors, withoutPlaces } from '../plan/problem.ts';
import { jsonText } from '../report/json.ts';
import type { Redactor } from '../report/redact.ts';
import { formatBytes } from '../report/units.ts';
import type { ActionResult } from './run.ts';

/** A job's outputs may be 1 MiB together; what is longer than this is left out. */
export const mostBytesOfOutput = 256 * 1024;

/** Files that a step leaves for those after it. */
export interface LeftFiles {
  /** The whole result as JSON. */
  readonly report: string;
  /** The plan, as `plan -o` saves it. */
  readonly plan?: string;
}

/**
 * Sets the step's outputs: those that the run came to.
 * @param files as far as they could be written
 * @returns notes on those that are left out
 * @throws AirgapError io
 */
export function writeOutputs(
  result: ActionResult,
  files: Partial<LeftFiles>,
  warnings: number,
  setOutput: (name: string, value: string) => void,
): string[] {
  const notes: string[] = [];
  for (const [name, value] of Object.entries(outputsOf(result, files, warnings))) {
    if (value === undefined) continue;
    if (Buffer.byteLength(value) > mostBytesOfOutput) {
      notes.push(leftOut(name, value, files));
      continue;
    }
    try {
      setOutput(name, value);
    } catch (cause) {
      throw diskError(`the step's output ${name}`, cause);
    }
  }
  return notes;
}

function outputsOf(
  result: ActionResult,
  files: Partial<LeftFiles>,
  warnings: number,
): Record<string, string | undefined> {
  return {
    'report-path': files.report,
    'report-files': result.reportFiles?.join('\n'),
    'failed-count': String(result.errors.length),
    'warning-count': String(warnings),
    ...planOutputs(result, files),
    'part-path': result.part?.part,
    ...bundleOutputs(result),
  };
}

function planOutputs(
  { plan, changes }: ActionResult,
  files: Partial<LeftFiles>,
): Record<string, string | undefined> {
  if (!plan) return {};
  const { inventory, lock, matrix } = plan;
  return {
    'image-count': String(inventory.images.filter(({ referrer }) => !referrer).length),
    'total-bytes': String(totalSize(inventory.blobs)),
    changed: changes && String(!changes.same),
    'plan-path': files.plan,
    plan: files.plan && JSON.stringify(inventory),
    'lock-path': lock?.path,
    matrix: matrix && JSON.stringify(matrix),
  };
}

function bundleOutputs({ create, provenance }: ActionResult): Record<string, string | undefined> {
  if (!create) return {};
  const { bundle, parts, installScript, sha256, keyId } = create;
  const files = [...parts, `${bundle}.sha256`, installScript];
  return {
    'bundle-path': bundle,
    'bundle-files': [...files, ...(provenance ? [provenance] : [])].join('\n'),
    'provenance-path': provenance,
    'bundle-digest': `sha256:${sha256}`,
    'key-id': keyId ?? undefined,
  };
}

function leftOut(name: string, value: string, { plan, report }: Partial<LeftFiles>): string {
  const file = name === 'plan' ? plan : report;
  const where = file ? `: ${file} has it` : '';
  return `the output ${name} would have ${formatBytes(Buffer.byteLength(value))} and is left out${where}`;
}

/**
 * Writes result and plan into a folder of their own, since a job may have several such steps.
 * @throws AirgapError io
 */
export async function leaveFiles(
  { plan, create, prepared: _, ...rest }: ActionResult,
  parent: string,
  redactor: Redactor,
): Promise<LeftFiles> {
  const { inventory: __, ...created } = create ?? {};
  const planned = plan && { ...plan, problems: plan.problems.map(withoutPlaces) };
  const results = {
    ...(plan ? { plan: planned } : {}),
    ...rest,
    ...(create ? { create: created } : {}),
  };
  const folder = await onDisk(parent, mkdtemp(join(parent, 'airgap-bundle-report-')));
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await onDisk(path, writeFile(path, text));
    return path;
  };
  const left = { report: await write('result.json', redactor.redact(jsonText(results))) };
  const text = savedPlan(plan, redactor);
  return text === undefined ? left : { ...left, plan: await write('plan.json', text) };
}

/** Undefined for a plan that cannot be carried out, or that would tell a secret: cut, it would be another plan. */
function savedPlan(plan: ActionResult['plan'], redactor: Redactor): string | undefined {
  if (!plan || hasErrors(plan.problems)) return undefined;
  const text = printInventory(plan.inventory).toString();
  return redactor.redact(text) === text ? text : undefined;
}
