import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, onDisk } from '../disk/failures.ts';
import { jsonText } from '../report/json.ts';
import type { Redactor } from '../report/redact.ts';
import type { ActionResult } from './run.ts';

/** Sets the step's outputs: those that the run came to. `report-path` holds the whole result as JSON. @throws AirgapError io */
export function writeOutputs(
  { plan, create }: ActionResult,
  reportPath: string,
  setOutput: (name: string, value: string) => void,
): void {
  const set = (name: string, value: string) => {
    try {
      setOutput(name, value);
    } catch (cause) {
      throw diskError(`the step's output ${name}`, cause);
    }
  };
  set('report-path', reportPath);
  if (plan)
    set('image-count', String(plan.inventory.images.filter(({ referrer }) => !referrer).length));
  if (!create) return;
  set('bundle-path', create.bundle);
  const files = [...create.parts, `${create.bundle}.sha256`, create.installScript];
  set('bundle-files', files.join('\n'));
  set('bundle-digest', `sha256:${create.sha256}`);
}

/** Writes the result into a folder of its own, since a job may have several such steps, and returns its path. @throws AirgapError io */
export async function writeReport(
  { create, ...rest }: ActionResult,
  parent: string,
  redactor: Redactor,
): Promise<string> {
  const { inventory: _, ...created } = create ?? {};
  const report = { ...rest, ...(create ? { create: created } : {}) };
  const folder = await onDisk(parent, mkdtemp(join(parent, 'airgap-bundle-report-')));
  const path = join(folder, 'report.json');
  await onDisk(path, writeFile(path, redactor.redact(jsonText(report))));
  return path;
}
