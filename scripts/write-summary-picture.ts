import { createRequire } from 'node:module';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { summaryPage } from './summary-picture/page.ts';
import { summaryOfRun } from './summary-picture/run.ts';

/** Draws the summary of a real run of the built Action: `npm run picture`. */
const path = join(import.meta.dirname, '../docs/images/action-summary.png');
const html = await summaryPage(await summaryOfRun());

const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND'],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1028, height: 800, deviceScaleFactor: 1.5 });
  await page.setContent(html);
  const mermaid = createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js');
  await page.addScriptTag({ path: mermaid });
  await page.evaluate(
    `mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' }); mermaid.run()`,
  );
  // What changed is what a reviewer opens first.
  await page.evaluate(`document.querySelector('details')?.setAttribute('open', '')`);
  const main = await page.$('main');
  await main?.screenshot({ path: path as `${string}.png` });
  console.log(path);
} finally {
  await browser.close();
}
