import { describe, expect, test } from 'vitest';
import { minimal, read, withLine } from './read.ts';

const [a, b] = [
  'docker.io::harbor.example.org/airgap/hub',
  'quay.io::harbor.example.org/airgap/quay',
];

/** bundle.yaml with this behind `mirrorRegistries:`. */
const withMap = (written: string) => withLine('mirrorRegistries', `mirrorRegistries: ${written}`);

describe('what Secret and values carry', () => {
  test.each([
    ['text, as it is', JSON.stringify(`${a}, ${b}`), `${a}, ${b}`],
    ['a list, joined by commas', `["${a}", "${b}"]`, `${a},${b}`],
    ['a list of one', `["${a}"]`, a],
    [
      'a list whose entry has patterns',
      `["noswap_wildcards::x,y", "${a}"]`,
      `noswap_wildcards::x,y,${a}`,
    ],
    ['text in lines, as it is', `|\n    ${a}\n    ${b}`, `${a}\n${b}\n`],
    [
      'the old spelling, as it is',
      '"quay.io:harbor.example.org/airgap/q"',
      'quay.io:harbor.example.org/airgap/q',
    ],
  ])('%s', async (_, written, carried) => {
    expect((await read(withMap(written))).spec?.target.mirrorRegistries).toBe(carried);
  });

  test.each([
    ['lines', `# ours\n${a}\n\n${b}  # theirs\n`, `${a},${b}`],
    ['Windows lines with a byte order mark', `\uFEFF${a}\r\n${b}\r\n`, `${a},${b}`],
    ['the comma form', `${a},${b}\n`, `${a},${b}`],
  ])('a file of %s', async (_, text, carried) => {
    const { spec } = await read(withMap('{file: ../maps.conf}'), {
      files: { '../maps.conf': text },
    });
    expect(spec?.target.mirrorRegistries).toBe(carried);
    expect(spec?.target.mirrorMap.entries.map(({ key }) => key)).toEqual(['docker.io', 'quay.io']);
  });
});

describe('entries that the webhook would ignore are refused, with their place', () => {
  test.each([
    [
      'in text',
      JSON.stringify(`${a}, quay.io`),
      'error: ociImageRegistry.mirrorRegistries:1:43: quay.io has no "::"',
    ],
    [
      'in text of lines',
      `|\n    ${a}\n      quay.io\n`,
      'error: ociImageRegistry.mirrorRegistries:2:3: quay.io has no "::"',
    ],
    [
      'in a list',
      `["${a}", "quay.io"]`,
      'error: ociImageRegistry.mirrorRegistries[1]:1:1: quay.io has no "::"',
    ],
    [
      'with a port and one colon',
      '["r.example:5000:harbor.example.org/airgap"]',
      'which a port needs',
    ],
    ['with two arrows', `["${a}::x"]`, 'has "::" more than once'],
  ])('%s', async (_, written, expected) => {
    expect((await read(withMap(written))).error).toContain(expected);
  });

  test('in a file', async () => {
    const files = { 'maps.conf': `# ours\n\n${a}\n\tquay.io\n gcr.io\n` };
    const { error } = await read(withMap('{file: maps.conf}'), { files });
    expect(error.match(/^error: .*/gm)).toEqual([
      'error: DIR/bundle/maps.conf:4:2: quay.io has no "::"; the webhook ignores it',
      'error: DIR/bundle/maps.conf:5:2: gcr.io has no "::"; the webhook ignores it',
    ]);
  });
});

test('the old spelling is accepted with a warning', async () => {
  const { warnings, error } = await read(
    withMap(`["${a}", "quay.io:harbor.example.org/airgap/q"]`),
  );
  expect(error).toBe('');
  expect(warnings).toEqual([
    'ociImageRegistry.mirrorRegistries[1]:1:1: quay.io:harbor.example.org/airgap/q uses the old ":" between key and value; write "::"',
  ]);
});

test.each([
  ['text', '""', 'error: the mirror map is empty'],
  ['a list', '[]', 'error: the mirror map is empty'],
  ['comments', '"# to do"', 'error: the mirror map is empty'],
  [
    'a mapping',
    '{docker.io: harbor.example.org}',
    'error: ociImageRegistry.mirrorRegistries has the wrong form',
  ],
  [
    'mappings in a list',
    '[docker.io: harbor.example.org]',
    'error: ociImageRegistry.mirrorRegistries[0] must be text',
  ],
  ['a misspelt file', '{flie: maps.conf}', 'did you mean ociImageRegistry.mirrorRegistries.file?'],
  [
    'a file that is not there',
    '{file: maps.conf}',
    'ociImageRegistry.mirrorRegistries.file: the mirror map is not there\n  given:     DIR/bundle/maps.conf',
  ],
])('no map: %s', async (_, written, expected) => {
  expect((await read(withMap(written))).error).toContain(expected);
});

test('nothing is warned of in a plain map', async () => {
  expect((await read(minimal)).warnings).toEqual([]);
});
