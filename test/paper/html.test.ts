import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HtmlValidate } from 'html-validate';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { RunFacts } from '../../src/paper/facts.ts';
import { reportHtml } from '../../src/paper/html.ts';
import { makeReport } from '../../src/paper/make-report.ts';
import { startBrowser } from '../helpers/browser.ts';
import { barriers, type Look, openPage, overflow, printedDigests } from '../helpers/paper-page.ts';
import { pdfText } from '../helpers/pdf-text.ts';
import { created, hostileFacts, image, inventory, loaded } from './sample.ts';

const validator = new HtmlValidate({ extends: ['html-validate:standard'] });

/** As many images as a platform has, each with its own digest. */
function many(count: number): RunFacts {
  const images = Array.from({ length: count }, (_, at) => ({
    ...image(`registry-${at % 7}.example.org/team/service-${at}:1.${at}`, 'a'),
    digest: digestOf(Buffer.from(`image ${at}`)),
  }));
  const blobs = images.map(({ digest, size }) => ({ digest, size }));
  const contents = new Map(images.map(({ digest }) => [digest, blobs.slice(0, 3)]));
  return { ...created, contents, inventory: { ...inventory, images, blobs } };
}

const cases: Readonly<Record<string, RunFacts>> = {
  create: created,
  load: loaded(),
  hostile: hostileFacts(loaded()),
  'no image': { ...created, inventory: { ...inventory, images: [], files: [] }, problems: [] },
  'many images': many(150),
};
const pages = Object.fromEntries(
  Object.entries(cases).map(([name, facts]) => [name, reportHtml(makeReport(facts))]),
);

let browser: Browser;
let folder: string;

beforeAll(async () => {
  [browser, folder] = await Promise.all([startBrowser(), mkdtemp(join(tmpdir(), 'airgap-page-'))]);
  for (const [name, text] of Object.entries(pages))
    await writeFile(join(folder, `${name}.html`), text);
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

const urlOf = (name: string) => pathToFileURL(join(folder, `${name}.html`)).href;

test.each(Object.keys(cases))('%s: the validator finds no fault', async (name) => {
  const { results } = await validator.validateString(pages[name] ?? '');
  const faults = results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line }) => `${line} ${ruleId}: ${message}`),
  );
  expect(faults).toEqual([]);
});

const looks: readonly Look[] = [375, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

describe.each(Object.keys(cases))('%s in a browser without a network', (name) => {
  test.each(looks)('$width px, $scheme: nothing is asked for, all can read it', async (look) => {
    const { page, requests, words } = await openPage(browser, urlOf(name), look);
    expect(await barriers(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect({ requests, words }).toEqual({ requests: [urlOf(name)], words: [] });
    await page.close();
  });

  test('on paper, with what is folded away', async () => {
    const { page } = await openPage(browser, urlOf(name), { width: 1280, scheme: 'dark' });
    const digests = new Set(await printedDigests(page));
    const wanted = cases[name]?.inventory.images.map(({ digest }) => digest) ?? [];
    expect(wanted.filter((digest) => !digests.has(digest))).toEqual([]);
    const { pages: number, text } = pdfText(await page.pdf({ format: 'A4' }));
    expect(number).toBeGreaterThan(0);
    expect(wanted.filter((digest) => !text.includes(digest)).length).toBe(0);
    await page.close();
  });
});

test('what strangers write is no element, no attribute, no script, and is shown', async () => {
  const { page, words } = await openPage(browser, urlOf('hostile'), {
    width: 1280,
    scheme: 'light',
  });
  const found = await page.evaluate(`({
    elements: document.querySelectorAll('script, img, iframe, link, object, b, i').length,
    styles: document.querySelectorAll('style').length,
    attributes: [...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames()).filter((name) => /^on|^(href|src|style)$/.test(name) && name !== 'href').length,
    links: [...document.querySelectorAll('[href]')].filter((one) => !one.getAttribute('href').startsWith('#')).length,
    text: document.body.textContent,
  })`);
  expect(found).toMatchObject({ elements: 0, styles: 1, attributes: 0, links: 0 });
  const { text } = found as { text: string };
  expect(text).toContain('<script>alert(1)</script>');
  expect(text).toContain('\\u{202e}moc.live');
  expect(text).not.toContain('\u202e');
  expect(words).toEqual([]);
  await page.close();
});

test('the policy stops what would slip through', async () => {
  const slipped =
    '<script>document.title = "run"</script><img src="slipped.png" alt=""><style>h1 { color: red }</style>';
  const path = join(folder, 'slipped.html');
  await writeFile(path, pages.create?.replace('</main>', `${slipped}</main>`) ?? '');
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('requestfinished', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  expect(requests).toEqual([pathToFileURL(path).href]);
  expect(await page.title()).toBe('edge 1.4.0: bundle report');
  expect(await page.evaluate('getComputedStyle(document.querySelector("h1")).color')).toBe(
    'rgb(26, 32, 39)',
  );
  await page.close();
});

test('2,000 images stay usable: below 5 MB, folded by registry', () => {
  const text = reportHtml(makeReport(many(2000)));
  expect(Buffer.byteLength(text)).toBeLessThan(5_000_000);
  expect(text.match(/<details open>/g)).toBeNull();
  expect(text.match(/<td data-label="Digest">/g)).toHaveLength(2000);
});
