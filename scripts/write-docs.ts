import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathOf } from './docs/page.ts';
import { pages } from './docs/pages.ts';
import { readmePage } from './docs/readme.ts';

/** Writes every page that comes from the code, and the help texts that tests compare: `npm run docs`. */
for (const page of [...pages, readmePage]) {
  mkdirSync(dirname(pathOf(page)), { recursive: true });
  writeFileSync(pathOf(page), page.text());
}
