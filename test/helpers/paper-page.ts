import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'puppeteer-core';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** Opens a file without a network, and tells what it asked for beside itself. */
export async function openPage(browser: Browser, url: string, look: Look) {
  const page = await browser.newPage();
  await page.setOfflineMode(true);
  await page.setBypassCSP(true);
  await page.setViewport({ width: look.width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: look.scheme }]);
  const requests: string[] = [];
  const words: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => words.push(message.text()));
  page.on('dialog', (dialog) => words.push(dialog.message()));
  await page.goto(url);
  return { page, requests, words };
}

/** What keeps people from reading it: the rule, and the first place where it is broken. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axePath, 'utf8'));
  return page.evaluate(findBarriers) as Promise<string[]>;
}

/** Runs in the page. */
const findBarriers = new Function(
  `return axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes[0].html + ' ' + nodes[0].failureSummary));`,
) as () => Promise<string[]>;

/** How far the page is wider than the window, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  ) as Promise<number>;
}

/** Digests of elements that paper would show; what is folded away and stays so has no height. */
export async function printedDigests(page: Page): Promise<string[]> {
  await page.emulateMediaType('print');
  const found = (await page.evaluate(findPrinted)) as string[];
  await page.emulateMediaType();
  return found;
}

/** Runs in the page. */
const findPrinted = new Function(
  `return [...document.querySelectorAll('code')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height > 0)
    .map((one) => one.textContent).filter((text) => /^sha256:/.test(text));`,
) as () => string[];
