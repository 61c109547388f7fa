import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { jsonText } from '../report/json.ts';
import type { ActionResult } from './run.ts';

/** Sets the step's outputs; until there is a report, `report-path` holds the results as JSON. */
export async function writeOutputs(
  result: ActionResult,
  setOutput: (name: string, value: string) => void,
  { env }: Context,
): Promise<void> {
  const report = join(env.RUNNER_TEMP ?? tmpdir(), 'airgap-bundle-report.json');
  await writeFile(report, jsonText(result), { mode: 0o600 });
  setOutput('report-path', report);
  setOutput('image-count', String(result.plan.inventory.images.length));
  if (!result.create) return;
  setOutput('bundle-path', result.create.bundle);
  setOutput('bundle-digest', `sha256:${result.create.sha256}`);
}
