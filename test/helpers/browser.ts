import { createRequire } from 'node:module';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

/** Debian's chromium, without the network. */
export function startBrowser(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND'],
  });
}

/** A page that has mermaid as `globalThis.mermaid`, set up as GitHub does it. */
export async function mermaidPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  await page.setContent('<!doctype html><body></body>');
  const script = createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js');
  await page.addScriptTag({ path: script });
  await page.evaluate(`mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' })`);
  return page;
}

export interface Drawn {
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
  /** Elements that no graph of ours has. */
  readonly others: number;
}

/** Parses and draws a graph. @throws Error for what mermaid does not take */
export function draw(page: Page, graph: string): Promise<Drawn> {
  return page.evaluate(drawing, graph) as Promise<Drawn>;
}

/** Runs in the page. */
const drawing = new Function(
  'graph',
  `return (async () => {
    await mermaid.parse(graph);
    const { svg } = await mermaid.render('graph' + Math.floor(performance.now() * 1000), graph);
    document.body.innerHTML = svg;
    const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent);
    return { others: document.body.querySelectorAll('a, img, script, iframe').length, nodes: texts('.node .nodeLabel'), edges: texts('.edgeLabel .edgeLabel') };
  })()`,
) as (graph: string) => Promise<Drawn>;
