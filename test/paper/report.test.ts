import { marked } from 'marked';
import { describe, expect, test } from 'vitest';
import type { RunFacts } from '../../src/paper/facts.ts';
import { makeReport } from '../../src/paper/make-report.ts';
import { reportMarkdown } from '../../src/paper/markdown.ts';
import { reportFiles } from '../../src/paper/write.ts';
import { AirgapError } from '../../src/report/error.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { contents, created, digest, hostileFacts, image, inventory, loaded } from './sample.ts';

const golden = (name: string) => `../fixtures/report/${name}`;
const asIs = (text: string) => text;

describe('as it was looked at and found right', () => {
  test.each([
    ['create', created],
    ['load', loaded()],
  ])('%s', async (name, facts) => {
    const files = reportFiles(makeReport(facts), asIs);
    await expect(files['report.json']).toMatchFileSnapshot(golden(`${name}.json`));
    await expect(files['report.md']).toMatchFileSnapshot(golden(`${name}.md`));
  });
});

describe('the verdict', () => {
  const images = inventory.images.filter(({ placements }) => placements.length > 0);
  const mapped = { ...inventory, images };
  const bad = { ...inventory, expiresAt: '2026-11-22T16:01:02Z' };
  const good: RunFacts = { ...created, inventory: mapped, overrides: [], problems: [] };
  test.each<[string, Partial<RunFacts>, string, string]>([
    ['signed, and nothing to say', {}, 'good', 'signed by key key-1'],
    [
      'a warning',
      { problems: created.problems ?? [] },
      'attention',
      '1 warning when it was planned',
    ],
    [
      'an override',
      { overrides: created.overrides },
      'attention',
      'lab.example.org was read unencrypted',
    ],
    [
      'unsigned',
      { signature: { state: 'unsigned', keyId: null } },
      'bad',
      'NOT SIGNED: nobody can tell who made it',
    ],
    ['expired at that second', { inventory: bad }, 'bad', 'EXPIRED on 2026-11-22T16:01:02Z'],
    [
      'inspected',
      { verb: 'inspect', signature: { state: 'unchecked', keyId: null } },
      'attention',
      'signed, but by whom was not checked: no key was given',
    ],
    [
      'by another key',
      { verb: 'inspect', signature: { state: 'other-key', keyId: null } },
      'bad',
      'signed, but NOT by a key that was given',
    ],
    [
      'by a revoked key',
      { verb: 'inspect', signature: { state: 'revoked', keyId: 'k' } },
      'bad',
      'signed by key k, which is REVOKED',
    ],
    [
      'a light bundle',
      { inventory: { ...inventory, imagesNotEmbedded: true } },
      'attention',
      'a light bundle: its images must be in the target already',
    ],
    [
      'a failure',
      { ...loaded(), overrides: [] },
      'bad',
      '1 placement failed: see what failed; the same command goes on where it stopped',
    ],
    [
      'certificates unchecked',
      { inventory: { ...inventory, target: { ...inventory.target, insecureSkipVerify: true } } },
      'attention',
      'the certificate of harbor.example.org/airgap is not checked',
    ],
    [
      'a credential in clear text',
      { inventory: { ...inventory, credentials: 'embed' } },
      'attention',
      'the pull credential is in the bundle in clear text',
    ],
  ])('%s', (_, change, state, point) => {
    const { verdict } = makeReport({ ...good, ...change });
    expect(verdict).toMatchObject({ state, points: expect.arrayContaining([point]) });
  });

  const placed = images.map(({ source, digest: found, placements }) => ({
    ...{ source, digest: found },
    placements: placements.map(({ reference }) => ({ reference, state: 'copied' as const })),
  }));
  const disk = new AirgapError('io', 'the disk is full');
  const mirrored: RunFacts = {
    ...good,
    verb: 'mirror',
    signature: { state: 'no-bundle', keyId: null },
    placed,
  };
  const { problems: _, ...asLoaded } = mirrored;
  const target = 'harbor.example.org/airgap';
  test.each<[string, RunFacts, string, string, readonly string[]]>([
    [
      'all of it',
      mirrored,
      'good',
      `every image is in ${target}`,
      ['no problem found in the plan'],
    ],
    [
      'one shard',
      { ...mirrored, placed: placed.slice(0, 1) },
      'attention',
      `1 of 4 placements are in ${target}`,
      ['a shard of the plan: 3 placements left to other runs', 'no problem found in the plan'],
    ],
    [
      'a load of a bundle with an image that no rule covers',
      { ...asLoaded, verb: 'load', inventory },
      'attention',
      `2 of 3 images are in ${target}`,
      ['left out, as no rule of the map covers it: 1 image'],
    ],
    [
      'a mirror after which create failed',
      { ...mirrored, errors: [disk] },
      'bad',
      'FAILED',
      [
        'something failed: see what failed; the same command goes on where it stopped',
        'no problem found in the plan',
      ],
    ],
    [
      'a bundle whose run failed after it',
      { ...good, errors: [disk] },
      'bad',
      'FAILED',
      [
        'something failed: see what failed; the same command goes on where it stopped',
        'signed by key key-1',
        'no problem found in the plan',
      ],
    ],
  ])('of what is in the target: %s', (_name, facts, state, title, points) => {
    expect(makeReport(facts).verdict).toEqual({ state, title: `edge 1.4.0: ${title}`, points });
  });
});

test.each([
  ['edge-1.4.0.tar', 'edge-1.4.0.tar'],
  ['-f.tar', './-f.tar'],
  ["it's $(id).tar", "'it'\\''s $(id).tar'"],
])('the bundle %s is one word of the commands to see for oneself', (file, word) => {
  const bundle = { file, size: 1, inventoryDigest: digest('9') };
  const { checks } = makeReport({ ...created, bundle });
  expect(checks.map(({ command }) => command)).toContain(`airgap-bundle inspect ${word}`);
});

test('what a mirror gives to see for oneself asks and writes nothing', () => {
  const { checks } = makeReport({ ...created, verb: 'mirror' });
  expect(checks.map(({ command }) => command)).toEqual([
    'oras resolve harbor.example.org/airgap/docker.io/library/nginx:1.27',
  ]);
});

describe('sizes', () => {
  test('what two images share is carried once, and is neither one’s own', () => {
    const { images, sums, shared, registries } = makeReport(created);
    expect(images.map(({ size }) => size)).toEqual([
      { whole: 3_020_500, own: 20_500 },
      { whole: 3_040_500, own: 40_500 },
      null,
    ]);
    expect(sums).toMatchObject({ unique: 3_061_700, apart: 6_061_700 });
    expect(shared).toEqual([{ digest: digest('1'), size: 3_000_000, images: 2 }]);
    expect(registries.map(({ bytes }) => bytes)).toEqual([3_021_200, 40_500, 0]);
  });

  test('are not guessed where the manifests were not at hand', () => {
    const { contents: _, ...facts } = created;
    const { images, sums, shared, registries } = makeReport(facts);
    expect([images[0]?.size, sums.unique, sums.apart, shared]).toEqual([null, null, null, null]);
    expect(registries.map(({ bytes }) => bytes)).toEqual([null, null, null]);
  });

  test('two names of one image', () => {
    const images = [image('a:1', 'a'), image('b:1', 'a')];
    const { images: found } = makeReport({
      ...created,
      contents,
      inventory: { ...inventory, images },
    });
    expect(found.map(({ size }) => size?.whole)).toEqual([3_020_500, 3_020_500]);
  });
});

test('the sum over a credential in clear text is not told', () => {
  const files = ['credentials.tsv', 'SHA256SUMS', 'values.yaml'].map((path) => {
    return { path, size: 1, sha256: '0'.repeat(64), mode: 0o644 };
  });
  const open = makeReport({ ...created, inventory: { ...inventory, files, credentials: 'embed' } });
  expect(open.contents.map(({ path }) => path)).toEqual(['values.yaml']);
  const closed = makeReport({ ...created, inventory: { ...inventory, files } });
  expect(closed.contents).toHaveLength(3);
});

test('secrets are taken out of every form', () => {
  const redactor = makeRedactor();
  const secret = `hunter<"2"&'`;
  redactor.add(secret);
  const facts = {
    ...created,
    overrides: [{ kind: 'let-pass', message: `with ${secret}` } as const],
  };
  for (const text of Object.values(reportFiles(makeReport(facts), redactor.redact))) {
    expect(text.replaceAll('&#42;', '*')).toContain('with ***');
    expect(text).not.toContain('hunter');
  }
});

describe('texts of strangers', () => {
  const report = makeReport(hostileFacts(loaded()));

  test('are no markup in Markdown', async () => {
    const html = await marked.parse(reportMarkdown(report));
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)[^>]*>/g)].map(([, name]) => name));
    expect([...tags].sort()).toEqual(
      [
        'br',
        'code',
        'h1',
        'h2',
        'li',
        'p',
        'pre',
        'strong',
        'table',
        'tbody',
        'td',
        'th',
        'thead',
        'tr',
        'ul',
      ].sort(),
    );
    expect(html).not.toMatch(/<[^>]+(?:href|src|on\w+)\s*=/i);
  });

  test('leave every row of a table its cells', () => {
    const rows = reportMarkdown(report)
      .split('\n')
      .filter((line) => line.startsWith('| '));
    expect(rows.length).toBeGreaterThan(30);
    const tables = marked.lexer(reportMarkdown(report)).filter(({ type }) => type === 'table');
    const drawn = tables.flatMap((table) => (table.type === 'table' ? table.rows : []));
    expect(drawn.length + 2 * tables.length).toBe(rows.length);
  });

  test.each(['report.md', 'report.json'] as const)('hide nothing in %s', (name) => {
    const text = reportFiles(report, asIs)[name];
    for (const hidden of ['\u202e', '\u2028', '\u0000', '\u0007', '\u001b'])
      expect(text).not.toContain(hidden);
    expect(text).toContain(name === 'report.json' ? '\\u202e' : '\\u{202e}'.replace('\\', '&#92;'));
  });
});
