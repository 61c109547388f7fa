import { describe, expect, test } from 'vitest';
import { createText, keygenText, verifyText } from '../../src/report/bundle-text.ts';
import { Failures } from '../../src/report/error.ts';
import { endOf, errorLines } from '../../src/report/error-text.ts';
import type { Event } from '../../src/report/events.ts';
import { initText } from '../../src/report/init-text.ts';
import { lineListener } from '../../src/report/lines.ts';
import { partText } from '../../src/report/part-text.ts';
import { loadText, mirrorText, placedText } from '../../src/report/placed-text.ts';
import { planText } from '../../src/report/plan-text.ts';
import { prepareText } from '../../src/report/prepare-text.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { makeStyle, plainStyle, type Style } from '../../src/report/style.ts';
import * as samples from './samples.ts';

const file = { file: 'bundle.yaml' };
const atTarget = { bundle: 'dist/platform-1.4.0.tar', keys: ['bundle.pub'] };
// Of install.sh: copies in its private folder, which says itself what is next.
const installKeys = ['/tmp/airgap-install.x7Q/key.1'];
const { inventoryDigest } = samples.created;
const loaded = { ...samples.placed, inventoryDigest, overrides: [], site: null };
const verified = {
  ...{ verified: true as const, bundle: '/work/dist/platform-1.4.0.tar', name: 'platform' },
  ...{ version: '1.4.0', sequence: 7, createdAt: '2026-01-01T00:00:00Z', inventoryDigest },
  ...{ keyId: 'ab'.repeat(32), base: null, images: 3, tools: ['linux/amd64'], credentials: null },
  ...{ size: samples.created.size, overrides: [] },
};
const prepared = {
  ...{ target: 'harbor.example.org', kind: 'harbor' as const, foundBy: 'systeminfo' as const },
  ...{ dryRun: false, commands: [], errors: [] },
  needs: [
    { what: 'project' as const, name: 'airgap', state: 'exists' as const },
    { what: 'project' as const, name: 'tools', state: 'made' as const },
  ],
};

const part = {
  ...{ part: '/work/parts/platform-1.4.0.shard-2-of-3.tar', shard: '2/3', plan: inventoryDigest },
  ...{ images: 12, blobs: 40, bytes: 4_101_326_848, size: 4_101_400_000, sha256: 'cd'.repeat(32) },
  ...{ resumed: 1_000_000, reused: 2_000_000 },
};

/** What people read, by the name of its file. */
const renderings: Readonly<Record<string, (style: Style) => string>> = {
  'plan-with-problems': (style) => planText(samples.planWithProblems, style, file),
  'plan-clean': (style) => planText(samples.cleanPlan, style, file),
  'plan-delta': (style) =>
    planText(samples.deltaPlan, style, { ...file, since: 'out/platform-1.3.0.tar' }),
  'plan-saved': (style) => planText(samples.cleanPlan, style, { ...file, plan: 'my plan.json' }),
  'plan-with-flags': (style) =>
    planText(samples.cleanPlan, style, {
      file: '',
      settings: ['--images', 'nginx:1', '--ca-cert', 'BEGIN\nEND', '--is-eks-cluster'],
    }),
  'plan-of-nothing': (style) => planText(samples.emptyPlan, style),
  'mirror-done': (style) => mirrorText(samples.placed, style, { file: 'my bundles/a.yaml' }),
  'mirror-of-plan': (style) =>
    mirrorText(samples.placed, style, { ...file, plan: 'plan.json', settings: ['--name', 'a'] }),
  'mirror-of-shard': (style) =>
    mirrorText(samples.placed, style, { ...file, plan: 'plan.json', shard: '1/3' }),
  'mirror-failed': (style) => mirrorText(samples.partlyPlaced, style, file),
  'mirror-all-failed': (style) => mirrorText(samples.nothingPlaced, style, file),
  'mirror-broken-off': (style) => mirrorText(samples.brokenOff, style, file),
  'load-done': (style) => loadText(loaded, style, atTarget),
  'load-at-site': (style) =>
    loadText(
      {
        ...loaded,
        site: {
          file: 'site.yaml',
          signed: false,
          target: 'registry.site.example/images',
          signedTarget: 'harbor.example.org/airgap',
        },
      },
      style,
      atTarget,
    ),
  'load-by-install-sh': (style) => loadText(loaded, style, { ...atTarget, keys: installKeys }),
  'load-with-other-keys': (style) =>
    loadText(loaded, style, { ...atTarget, keys: ['our keys/vendor.pem', 'key.1'] }),
  'create-done': (style) => createText(samples.created, style),
  'create-delta-in-parts-unsigned': (style) => createText(samples.createdDelta, style),
  'create-light': (style) =>
    createText(
      { ...samples.created, inventory: { ...samples.created.inventory, imagesNotEmbedded: true } },
      style,
    ),
  'verify-done': (style) => verifyText(verified, style, atTarget),
  'verify-unsigned': (style) =>
    verifyText({ ...verified, keyId: null }, style, { ...atTarget, keys: [] }),
  'verify-by-install-sh': (style) =>
    verifyText(verified, style, { ...atTarget, keys: installKeys }),
  'prepare-done': (style) => prepareText(prepared, style, file),
  'prepare-failed': (style) =>
    prepareText({ ...prepared, errors: [samples.refused] }, style, atTarget),
  'part-done': (style) => partText(part, style, { file: 'bundle.yaml', plan: 'my plan.json' }),
  'part-of-an-action': (style) => partText({ ...part, resumed: 0, reused: 0 }, style),
  'init-done': (style) =>
    initText(
      {
        file: '/work/bundle.yaml',
        written: ['/work/bundle.yaml', '/work/images.txt', '/work/bundle.schema.json'],
        leftOut: ['username', 'password'],
        emptyList: '/work/images.txt',
        key: './bundle.key',
      },
      style,
    ),
  'keygen-done': (style) =>
    keygenText(
      {
        privateKey: '/work/bundle.key',
        publicKey: '/work/bundle.pub',
        keyId: 'ab'.repeat(32),
        type: 'ed25519',
      },
      style,
    ),
  error: (style) => errorLines(samples.refused, style),
  'several-errors': (style) =>
    endOf(new Failures('2', [samples.refused, samples.helmFailed]), undefined, undefined, style)
      .text,
  interrupted: (style) =>
    endOf(new Error('x'), 'SIGINT', '1.2 GiB of 4.0 GiB, 30 %, 12 of 80 images', style).text,
  events,
};

function events(style: Style): string {
  const lines: string[] = [];
  const output = { write: (line: string) => lines.push(line), style, now: () => new Date(0) };
  const { emit } = lineListener(output, makeRedactor());
  const told: Event[] = [
    { kind: 'step', name: 'mirroring 3 images to harbor.example.org' },
    { kind: 'note', message: 'images are mounted from harbor.example.org/airgap/bundles/platform' },
    { kind: 'image', image: 'nginx:1.27', state: 'copied' },
    { kind: 'image', image: 'redis:7', state: 'failed', detail: 'the target refuses it\u001b[2K' },
    {
      kind: 'warning',
      message: 'the tag of nginx:1.27 has moved since bundle.lock was written, and is not followed',
      cure: 'follow the tag: plan --update nginx:1.27',
    },
  ];
  for (const event of told) emit(event);
  return lines.join('\n');
}

const terminal = makeStyle({ colours: true, columns: 80 });

describe.each(Object.entries(renderings))('%s', (name, render) => {
  test('off a terminal', async () => {
    await expect(`${render(plainStyle)}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test('in colours, on 80 columns', async () => {
    const shown = `${terminal.safe(render(terminal)).replaceAll('\u001b', '␛')}\n`;
    await expect(shown).toMatchFileSnapshot(`golden/${name}.80.txt`);
  });

  test('says the same in both, and is safe', () => {
    const words = (text: string) => text.replace(/␛\[\d+m/g, '').split(/\s+/);
    const shown = terminal.safe(render(terminal));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
    expect(words(shown.replace(/\u001b\[\d+m/g, ''))).toEqual(words(render(plainStyle)));
    expect(plainStyle.safe(render(plainStyle))).toBe(render(plainStyle));
  });
});

test('the end of an Action names no command of ours', () => {
  expect(placedText(samples.placed)).not.toContain('next:');
  expect(planText(samples.cleanPlan)).not.toContain('next:');
});
