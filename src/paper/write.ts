import { join } from 'node:path';
import { asHint, replaceFile } from '../disk/replace.ts';
import { jsonText } from '../report/json.ts';
import type { Redactor } from '../report/redact.ts';
import { reportHtml } from './html.ts';
import { reportMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { withoutSecrets } from './without-secrets.ts';

type Redact = Redactor['redact'];

/** The forms of a report, by file name, without secrets. */
export function reportFiles(report: Report, redact: Redact) {
  const clean = withoutSecrets(report, redact);
  return {
    'report.json': jsonText(clean),
    'report.md': reportMarkdown(clean),
    'report.html': reportHtml(clean),
  };
}

/**
 * Writes them into a folder, which is made; each is whole at every moment.
 * @param folder absolute
 * @throws AirgapError io
 */
export async function writeReport(report: Report, folder: string, redact: Redact): Promise<void> {
  for (const [name, text] of Object.entries(reportFiles(report, redact))) {
    await replaceFile(join(folder, name), text, asHint);
  }
}
