import { describe, expect, test } from 'vitest';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { webhookImage } from '../../src/mirror-map/webhook.ts';
import { recordedMaps } from '../helpers/webhook-answers.ts';

test('the recording is whole', () => {
  expect(recordedMaps).toHaveLength(17);
  expect(recordedMaps.flatMap(({ images }) => images)).toHaveLength(242);
});

test.each(recordedMaps.map((record, i) => [i + 1, record] as const))(
  'agrees with the webhook on record %i',
  (_, { map, images }) => {
    const parsed = parseMirrorMap(map);
    const answers = images.map(({ image }) => ({ image, webhook: webhookImage(parsed, image) }));
    expect(answers).toEqual(images);
  },
);

/** One image under one map: the new image, `null` when it stays, or the exception. */
function swap(map: string, image: string): string | null {
  const answer = webhookImage(parseMirrorMap(`# map\n${map}`), image);
  if ('error' in answer) return `!${answer.error}`;
  return answer.swapped ? answer.image : null;
}

const on = 'default::\n';
const digest = `sha256:${'a'.repeat(64)}`;

describe('which rule applies', () => {
  test.each([
    ['exact, of the whole string', '[EXACT]nginx:1::H/x:1\n', 'nginx:1', 'H/x:1'],
    ['exact before replace', '[REPLACE]*::R\n[EXACT]nginx::H/x:1\n', 'nginx', 'H/x:1'],
    ['exact infers nothing', '[EXACT]nginx::H/x:1\ndefault::\n', 'docker.io/nginx', null],
    ['an empty exact target is taken', '[EXACT]nginx::\n', 'nginx', ''],
    ['the first glob that matches', '[REPLACE]a*::A\n[REPLACE]*::B\n', 'ab/c:1', 'A/c:1'],
    [
      'a repeated glob keeps its place',
      '[REPLACE]*::A\n[REPLACE]n*::B\n[REPLACE]*::C\n',
      'n',
      'C/n',
    ],
    [
      'replace before the registry',
      `${on}docker.io::D\n[REPLACE]*nginx*::R/\n`,
      'nginx:1',
      'R/nginx:1',
    ],
    ['a glob with an empty prefix', '[REPLACE]*::\n', 'quay.io/a/b:1', 'b:1'],
    ['a glob and a name that ends in /', '[REPLACE]*::R\n', 'a/', 'R/'],
    ['nothing without a default', 'docker.io::D\n', 'nginx', null],
    ['the later of two equal keys', `${on}docker.io::A\ndocker.io::B\n`, 'nginx', 'B/nginx'],
    ['an empty value excludes', `default::D\nquay.io::\n`, 'quay.io/a', null],
    [
      'a pattern anywhere in the image',
      'default::D\nnoswap_wildcards::x,b/c\n',
      'quay.io/b/c',
      null,
    ],
    ['an empty pattern matches all', 'default::D\nnoswap_wildcards::x,\n', 'quay.io/b/c', null],
    ['no pattern at all', 'default::D\nnoswap_wildcards::\n', 'quay.io/b', 'D/b'],
    ['a key before the patterns', `${on}quay.io::Q\nnoswap_wildcards::quay\n`, 'quay.io/b', 'Q/b'],
  ])('%s', (_, map, image, expected) => {
    expect(swap(map, image)).toBe(expected);
  });
});

describe('which registry an image is on', () => {
  const map = `${on}docker.io::D\nquay.io::Q\nr.example.com::N\nr.example.com:5000::P\nlocalhost:5000::L\n`;
  test.each([
    ['nginx:1.27', 'D/nginx:1.27'],
    [`nginx@${digest}`, `D/nginx@${digest}`],
    ['quay.io:1', 'Q:1'],
    [`quay.io@${digest}`, `Q@${digest}`],
    ['quay.io/', 'D/quay.io/'],
    ['localhost:5000/x', 'D/localhost:5000/x'],
    ['r.example.com:5000/x', 'P/x'],
    ['r.example.com:6000/x', 'N:6000/x'],
    ['index.docker.io/x', null],
  ])('%s becomes %s', (image, expected) => {
    expect(swap(map, image)).toBe(expected);
  });
});

describe('docker.io/library', () => {
  const both = `${on}docker.io::D\ndocker.io/library::L\n`;
  const alone = `${on}docker.io/library::L\nquay.io/library::Q\n`;
  test.each([
    ['applies to a name alone', both, 'nginx:1', 'L/nginx:1'],
    ['not to one with a path', both, 'docker.io/library/nginx', 'D/library/nginx'],
    ['alone, fails on every other image', alone, 'library/nginx', '!KeyError'],
    ['of another registry, likewise', alone, 'quay.io/a/b', '!KeyError'],
    ['without a default, swaps nothing', 'docker.io/library::L\n', 'library/nginx', null],
  ])('%s', (_, map, image, expected) => {
    expect(swap(map, image)).toBe(expected);
  });
});

describe('a value that ends in a hyphen', () => {
  const map = `${on}docker.io::T/m-\nr.example.com:5000::T/m-\n`;
  test.each([
    [map, 'nginx:1', 'T/m-docker.io/nginx:1'],
    [map, 'docker.io/nginx:1', 'T/m-docker.io/nginx:1'],
    [map, 'r.example.com:5000/a/b:1', 'T/m-r.example.com/b:1'],
    [map, 'localhost:5000/docker.io/x', 'T/m-docker.io/localhost/x'],
    ['default::T/d-\n', 'r.example.com:5000/a/b:1', 'T/d-r.example.com/r.example.com:5000/a/b:1'],
  ])('%j: %s becomes %s', (map, image, expected) => {
    expect(swap(map, image)).toBe(expected);
  });
});

describe('the source is a regular expression and the value its replacement', () => {
  test.each([
    ['at every occurrence', 'gcr.io::H/g', 'gcr.io/a/gcr.io', 'H/g/a/H/g'],
    ['a dot is any character', 'gcr.io::H', 'gcr.io/gcrxio', 'H/H'],
    ['it need not match where it occurs', '$R.io::H', '$R.io/x', '$R.io/x'],
    ['braces without a number are text', '{R}.io::H', '{R}.io/x', 'H/x'],
    ['nothing to repeat', '*.io::H', '*.io/x', '!error'],
    ['two quantifiers', 'a**.io::H', 'a**.io/x', '!error'],
    ['an open group', '(a.io::H', '(a.io/x', '!error'],
    ['an open set', '[a.io::H', '[a.io/x', '!error'],
    ['a set', '[a].io::H', '[a].io/a.io', '[a].io/H'],
    ['a group in the value', 'gcr.io::H\\g<0>', 'gcr.io/x', 'Hgcr.io/x'],
    ['a group that is not there', 'gcr.io::H\\1', 'gcr.io/x', '!error'],
    ['a group by an unknown name', 'gcr.io::H\\g<n>', 'gcr.io/x', '!IndexError'],
    ['an unknown escape', 'gcr.io::H\\q', 'gcr.io/x', '!error'],
    ['an escape with nothing after it', 'gcr.io::H\\', 'gcr.io/x', '!error'],
    ['an escaped backslash', 'gcr.io::H\\\\a', 'gcr.io/x', 'H\\a/x'],
    ['an escaped sign stays as it is', 'gcr.io::H\\.a', 'gcr.io/x', 'H\\.a/x'],
    ['a control character', 'gcr.io::H\\t', 'gcr.io/x', 'H\t/x'],
    ['an octal number', 'gcr.io::H\\101', 'gcr.io/x', 'HA/x'],
    ['a value without a match is no template', 'docker.io::H\\1', 'nginx', 'H\\1/nginx'],
    ['dollars in the value are text', 'gcr.io::H$&$1', 'gcr.io/x', 'H$&$1/x'],
  ])('%s', (_, line, image, expected) => {
    expect(swap(`default::\n${line}\n`, image)).toBe(expected);
  });
});

test('a map of 10,000 lines answers for 10,000 images', () => {
  const hosts = Array.from({ length: 10_000 }, (_, i) => `r${i}.example.com`);
  const lines = hosts.map((host) => `${host}::H/${host}`);
  const map = parseMirrorMap(`default::\n[REPLACE]zzz*::H\n${lines.join('\n')}\n`);
  const answers = hosts.map((host) => webhookImage(map, `${host}/x`));
  expect(answers).toEqual(hosts.map((host) => ({ swapped: true, image: `H/${host}/x` })));
});
