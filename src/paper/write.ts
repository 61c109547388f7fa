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
 * @returns their paths
 * @throws AirgapError io
 */
export async function writeReport(
  report: Report,
  folder: string,
  redact: Redact,
): Promise<string[]> {
  const files = Object.entries(reportFiles(report, redact)).map(
    ([name, text]) => [join(folder, name), text] as const,
  );
  for (const [path, text] of files) await replaceFile(path, text, asHint);
  return files.map(([path]) => path);
}
