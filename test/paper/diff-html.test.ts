import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HtmlValidate } from 'html-validate';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BundleDiff } from '../../src/commands/diff.ts';
import { bundleDiffHtml } from '../../src/paper/diff-html.ts';
import { registryDiffHtml, type ShownRegistryDiff } from '../../src/paper/registry-diff-html.ts';
import { withoutSecrets } from '../../src/paper/without-secrets.ts';
import { compare } from '../../src/plan/difference.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { compareWithRegistry } from '../../src/plan/registry-difference.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { startBrowser } from '../helpers/browser.ts';
import { barriers, openPage, overflow } from '../helpers/paper-page.ts';
import { digest, hostile, image, inventory } from './sample.ts';

const about: BundleDiff['from'] = {
  path: '/in/edge-1.4.0.tar',
  name: 'edge',
  version: '1.4.0',
  sequence: 7,
  createdAt: '2026-11-22T16:00:00Z',
  expiresAt: null,
  isExpired: false,
  digest: digest('9'),
  signed: true,
  verified: true,
  keyId: 'key-1',
  size: 3_100_000,
  images: 3,
  carries: 'all',
  base: null,
};
const names = [...hostile, hostile.join(' ')];
const newer: Inventory = {
  ...inventory,
  version: '1.5.0',
  target: { ...inventory.target, plainHttp: true, mirrorMap: `quay.io::${hostile[0]}\n` },
  images: [
    image('docker.io/library/nginx:1.27', 'f'),
    image('quay.io/calico/node:v3.31.0', 'e'),
    ...names.map((name, at) => image(name, at.toString(16))),
  ],
  files: [{ path: 'bundle.js', size: 1, sha256: '0'.repeat(64), mode: 0o644 }],
  credentials: 'embed',
};

function between(to: Inventory, more: Partial<BundleDiff> = {}): BundleDiff {
  const from = { ...about, version: '1.3.0' };
  return { from, to: about, ...compare(inventory, to), secretKeys: null, ...more };
}

function withRegistry(isThere: boolean): ShownRegistryDiff {
  const resolved = new Map(
    inventory.images.flatMap(({ digest: has, placements }) =>
      placements.map(({ reference }, at) => [
        reference,
        isThere ? has : at > 0 ? digest('0') : null,
      ]),
    ),
  );
  const error = { class: 'transient', exitCode: 9, message: names.join(' '), given: hostile[0] };
  return {
    from: { registry: 'harbor.example.org/airgap', site: null },
    to: about,
    same: isThere,
    ...compareWithRegistry(inventory, resolved),
    bytes: isThere
      ? { carried: 0, shared: 0, leftToBase: 0 }
      : { carried: 3_000_000, shared: 500, leftToBase: null },
    errors: isThere ? [] : [{ ...error, class: 'transient', expected: undefined, next: undefined }],
  };
}

const pages: Readonly<Record<string, string>> = {
  'two that differ': bundleDiffHtml(between(newer)),
  'two that are the same': bundleDiffHtml(between(inventory)),
  'light ones': bundleDiffHtml(between({ ...newer, imagesNotEmbedded: true })),
  'a registry that lacks much': registryDiffHtml(withRegistry(false)),
  'a registry that has all': registryDiffHtml(withRegistry(true)),
};

let browser: Browser;
let folder: string;

beforeAll(async () => {
  [browser, folder] = await Promise.all([startBrowser(), mkdtemp(join(tmpdir(), 'airgap-page-'))]);
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

describe.each(Object.entries(pages))('%s', (name, text) => {
  test('the validator finds no fault', async () => {
    const validator = new HtmlValidate({ extends: ['html-validate:standard'] });
    const { results } = await validator.validateString(text);
    const faults = results.flatMap(({ messages }) => messages.map(({ message }) => message));
    expect(faults).toEqual([]);
  });

  test.each([375, 1280])('%i px: nothing is asked for, all can read it', async (width) => {
    const path = join(folder, `${name}.html`);
    await writeFile(path, text);
    for (const scheme of ['light', 'dark'] as const) {
      const url = pathToFileURL(path).href;
      const { page, requests, words } = await openPage(browser, url, { width, scheme });
      expect(await barriers(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect({ requests, words }).toEqual({ requests: [url], words: [] });
      expect(await page.evaluate('document.querySelectorAll("script, img, b, i").length')).toBe(0);
      await page.close();
    }
  });
});

test.each<[string, Partial<BundleDiff>, string]>([
  [
    'another key',
    { to: { ...about, keyId: 'key-2' } },
    'the second is signed by ANOTHER KEY than the first',
  ],
  [
    'not signed',
    { to: { ...about, signed: false, verified: false, keyId: null } },
    'the second bundle is NOT SIGNED',
  ],
  [
    'unchecked',
    { from: { ...about, verified: false, keyId: null } },
    'the first bundle was NOT VERIFIED: no key was given',
  ],
  [
    'expired',
    { to: { ...about, isExpired: true, expiresAt: '2026-01-01T00:00:00Z' } },
    'the second bundle EXPIRED on 2026-01-01T00:00:00Z',
  ],
  ['no encryption any more', {}, 'NO LONGER ENCRYPTED'],
  ['a credential', {}, 'the second has the pull credential IN CLEAR TEXT'],
])('what has to be decided stands first: %s', (_, more, point) => {
  const text = bundleDiffHtml(between(newer, more));
  expect(text.slice(0, text.indexOf('</header>'))).toContain(`<li>${point}</li>`);
});

test('secrets are taken out before they are written as HTML', () => {
  const secret = `hunter<"2"&'`;
  const redactor = makeRedactor();
  redactor.add(secret);
  const diff = between({ ...newer, images: [image(`docker.io/${secret}:1`, '1')] });
  const text = bundleDiffHtml(withoutSecrets(diff, redactor.redact));
  expect(text).toContain('docker.io/***:1');
  expect(text).not.toContain('hunter');
});

test('an image that comes for another is told as that', () => {
  const text = bundleDiffHtml(between(newer));
  expect(text).toContain('in place of quay.io/calico/node:v3.30.3');
  expect(text).toContain('in its place quay.io/calico/node:v3.31.0');
});
