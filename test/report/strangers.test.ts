import { expect, test } from 'vitest';
import type { Problem } from '../../src/plan/problem.ts';
import { createText, verifyText } from '../../src/report/bundle-text.ts';
import type { Event } from '../../src/report/events.ts';
import { imagesText } from '../../src/report/images-text.ts';
import { initText } from '../../src/report/init-text.ts';
import { lineListener } from '../../src/report/lines.ts';
import { placedText } from '../../src/report/placed-text.ts';
import { planText } from '../../src/report/plan-text.ts';
import { prepareText } from '../../src/report/prepare-text.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { renderResolve } from '../../src/report/resolve-table.ts';
import { deriveText } from '../../src/report/result-text.ts';
import { makeStyle } from '../../src/report/style.ts';
import * as samples from './samples.ts';

const style = makeStyle({ colours: true, columns: 80 });
/** What a stranger writes: the very codes that are ours. */
const green = '\u001b[32mall is well\u001b[39m';
const spelled = '\\u{1b}[32mall is well\\u{1b}[39m';

const spoken: readonly Event[] = [
  { kind: 'step', name: green },
  { kind: 'note', message: green },
  { kind: 'warning', message: green },
  { kind: 'warning', message: 'a', cure: green },
  { kind: 'image', image: green, state: 'copied' },
  { kind: 'image', image: 'a:1', state: 'failed', detail: green },
];

test.each(spoken)('no event colours its line: %j', (event) => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  lineListener({ write, style, now: () => new Date(0) }, makeRedactor()).emit(event);
  expectSpelled(lines.join('\n'));
});

const [problem] = samples.planWithProblems.problems as [Problem];
const site = { file: green, signed: false as const, target: 'a', signedTarget: 'b' };
const results: Readonly<Record<string, () => string>> = {
  'the folder of a bundle': () => createText({ ...samples.created, bundle: green }, style),
  'the version of a bundle': () =>
    verifyText({ ...verified, version: green }, style, { bundle: 'a.tar', keys: [] }),
  'the maker of a bundle': () =>
    verifyText({ ...verified, provenance: { ...provenance, builder: green } }, style),
  'a problem of a plan': () =>
    planText({ ...samples.planWithProblems, problems: [{ ...problem, message: green }] }, style),
  'the cure of a problem': () =>
    planText({ ...samples.planWithProblems, problems: [{ ...problem, cure: green }] }, style),
  'a target': () => placedText({ ...samples.placed, target: green }, style),
  'a project of a target': () => prepareText({ ...prepared, target: green }, style),
  'an image that a chart names': () =>
    imagesText([{ image: green, sources: ['a.yaml'], taken: true }] as never),
  'an image that is resolved': () =>
    renderResolve([{ image: green, webhook: { swapped: false, image: green }, containerd: [] }]),
  'a site file': () => deriveText({ out: 'out', files: [], site, images: [] } as never),
  'a folder of init': () => initText({ ...begun, file: `/${green}/bundle.yaml` }, style),
};

const verified = {
  ...{ verified: true as const, bundle: 'a.tar', name: 'platform', version: '1.4.0', sequence: 7 },
  ...{ createdAt: '2026-01-01T00:00:00Z', inventoryDigest: samples.created.inventoryDigest },
  ...{ keyId: 'ab'.repeat(32), base: null, images: 3, tools: [], credentials: null, size: 1 },
  overrides: [],
};
const provenance = {
  builder: 'a',
  invocation: null,
  keyId: 'ab'.repeat(32),
} as never as NonNullable<Parameters<typeof verifyText>[0]['provenance']>;
const prepared = {
  ...{ target: 'a', kind: 'harbor' as const, foundBy: 'systeminfo' as const, dryRun: false },
  ...{ commands: [], errors: [], needs: [] },
};
const begun = { file: '/a/bundle.yaml', written: [], leftOut: [], emptyList: null, key: null };

test.each(Object.entries(results))('no result is coloured by %s', (_, render) => {
  expectSpelled(style.safe(render()));
});

function expectSpelled(text: string): void {
  expect(text.replace(/\s+/g, ' ')).toContain(spelled);
  expect(text).not.toContain(green);
}
