import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonText } from '../report/json.ts';
import type { Redactor } from '../report/redact.ts';
import type { ActionResult } from './run.ts';

/** Sets the step's outputs: those that the run came to. `report-path` holds the whole result as JSON. */
export function writeOutputs(
  { plan, create }: ActionResult,
  reportPath: string,
  setOutput: (name: string, value: string) => void,
): void {
  setOutput('report-path', reportPath);
  if (plan) setOutput('image-count', String(plan.inventory.images.length));
  if (!create) return;
  setOutput('bundle-path', create.bundle);
  const files = [...create.parts, `${create.bundle}.sha256`, create.installScript];
  setOutput('bundle-files', files.join('\n'));
  setOutput('bundle-digest', `sha256:${create.sha256}`);
}

/** Writes the result into a folder of its own, since a job may have several such steps, and returns its path. */
export async function writeReport(
  { create, ...rest }: ActionResult,
  parent: string,
  redactor: Redactor,
): Promise<string> {
  const { inventory: _, ...created } = create ?? {};
  const report = { ...rest, ...(create ? { create: created } : {}) };
  const folder = await mkdtemp(join(parent, 'airgap-bundle-report-'));
  const path = join(folder, 'report.json');
  await writeFile(path, redactor.redact(jsonText(report)));
  return path;
}
