import { join } from 'node:path';
import { asHint, replaceFile } from '../disk/replace.ts';
import { jsonText } from '../report/json.ts';
import type { Redactor } from '../report/redact.ts';
import { reportMarkdown } from './markdown.ts';
import type { Report } from './report.ts';

/** The forms of a report, by file name, without secrets. */
export function reportFiles(report: Report, { redact }: Pick<Redactor, 'redact'>) {
  return {
    'report.json': redact(jsonText(report)),
    'report.md': redact(reportMarkdown(report)),
  };
}

/**
 * Writes them into a folder, which is made; each is whole at every moment.
 * @param folder absolute
 * @throws AirgapError io
 */
export async function writeReport(
  report: Report,
  folder: string,
  redactor: Pick<Redactor, 'redact'>,
): Promise<void> {
  for (const [name, text] of Object.entries(reportFiles(report, redactor))) {
    await replaceFile(join(folder, name), text, asHint);
  }
}
