import { describe, expect, test } from 'vitest';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { printMirrorMap } from '../../src/mirror-map/print.ts';
import { webhookImage } from '../../src/mirror-map/webhook.ts';
import fc from '../helpers/seeded.ts';
import { recordedMaps } from '../helpers/webhook-answers.ts';

const host = fc.constantFrom(
  'docker.io',
  'gcr.io',
  'r.example.com:5000',
  'docker.io/library',
  'a',
  '',
);
const key = fc.oneof(
  host,
  fc.constantFrom('default', 'noswap_wildcards', '[EXACT]nginx:1', '[REPLACE]*/a*', '[REPLACE][a'),
  fc.string({ maxLength: 8 }),
);
const value = fc.oneof(
  fc.constantFrom('', 'h.example/x', 'h.example/x-', 'a,b', 'h\\1', 'h.example/$&'),
  fc.string({ maxLength: 8 }),
);
const separator = fc.constantFrom('::', '::', '::', ':', ' :: ', ':::', '');
const line = fc.tuple(key, separator, value).map((parts) => parts.join(''));
const decoration = fc.constantFrom('', ' ', '\t', '# remark', '#', '\ufeff', ' # x');
const ending = fc.constantFrom('\n', '\n', '\r\n', '\n\n', ',');
/** Near the grammar, with what people and editors do to it. */
const map = fc.oneof(
  fc
    .array(fc.tuple(line, decoration, ending), { maxLength: 8 })
    .map((lines) => lines.map((parts) => parts.join('')).join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
const image = fc.oneof(
  fc.constantFrom('nginx', 'nginx:1', 'gcr.io/a/b:1', 'r.example.com:5000/x', 'a/b@sha256:0', ''),
  fc.tuple(host, fc.string({ maxLength: 10 })).map(([first, rest]) => `${first}/${rest}`),
);

describe('whatever stands in a map', () => {
  test('it is read, and what is not an entry is a problem: nothing is dropped in silence', () => {
    fc.assert(
      fc.property(map, (text) => {
        const { entries, problems } = parseMirrorMap(text);
        // Words between two commas belong to the patterns before them.
        const contents = text.replace(/^\ufeff/, '').split(/[\r\n]/);
        const written = contents.filter((one) => /^[^#]*::/.test(one) && !/^\s/.test(one));
        if (written.length > 0) expect(entries.length + problems.length).toBeGreaterThan(0);
        for (const { line: at, column } of problems) {
          expect(at).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('the webhook has an answer for every image, and the printed map has the same', () => {
    fc.assert(
      fc.property(map, fc.array(image, { minLength: 1, maxLength: 4 }), (text, images) => {
        const parsed = parseMirrorMap(text);
        const again = parseMirrorMap(printMirrorMap(parsed));
        const bare = (one: typeof parsed) =>
          one.entries.map(({ kind, key, value }) => [kind, key, value]);
        expect(bare(again)).toEqual(bare(parsed));
        expect(again.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        for (const one of images)
          expect(webhookImage(again, one)).toEqual(webhookImage(parsed, one));
      }),
      { numRuns: 2000 },
    );
  });
});

test('what does not matter changes no recordedMaps answer: comments, empty lines, CRLF, our spelling', () => {
  const changes: readonly ((text: string) => string)[] = [
    (text) => text.replaceAll('\n', '\n# a remark\n'),
    (text) => text.replaceAll('\n', '\n\n'),
    (text) => text.replaceAll('\n', '\r\n'),
    (text) => printMirrorMap(parseMirrorMap(text)),
  ];
  const ofLines = recordedMaps.filter(({ map: text }) => text.trim().includes('\n'));
  expect(ofLines.length).toBeGreaterThan(10);
  fc.assert(
    fc.property(
      fc.constantFrom(...ofLines),
      fc.subarray([...changes], { minLength: 1 }),
      (record, some) => {
        const changed = some.reduce((text, change) => change(text), record.map);
        const parsed = parseMirrorMap(changed);
        for (const one of record.images)
          expect(webhookImage(parsed, one.image)).toEqual(one.webhook);
      },
    ),
    { numRuns: 300 },
  );
});
