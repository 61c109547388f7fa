import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actionLog } from '../../src/action/log.ts';
import { AirgapError, type Place } from '../../src/report/error.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { recordingLog } from './recorder.ts';

let workspace: string;

const bundleFile = `apiVersion: airgap-bundle/v1
ociImageRegistry:
  endpoint: h
  mirrorRegistries: |
    docker.io::h/m
    quay.io=>h
images:
  - nginx:1
  - {list: images.txt}
platforms: [linux/amd64, nothing]
`;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'airgap-'));
  await writeFile(join(workspace, 'bundle.yaml'), bundleFile);
  await writeFile(
    join(workspace, 'list.yaml'),
    'ociImageRegistry:\n  mirrorRegistries:\n    - a::b\n    - c\n',
  );
  await writeFile(join(workspace, 'broken.yaml'), 'a: [');
});

afterAll(() => rm(workspace, { recursive: true }));

function said(errors: readonly AirgapError[], warnings: readonly Place[] = []): string[] {
  const log = recordingLog();
  const made = actionLog(log, makeRedactor(), () => new Date(0), workspace);
  for (const place of warnings) made.emit({ kind: 'warning', message: 'w', place });
  made.end(errors);
  return log.said;
}

const map = ['ociImageRegistry', 'mirrorRegistries'];
const at = (file: string, more: Partial<Place> = {}): Place => ({
  file: join(workspace, file),
  ...more,
});

describe('an annotation stands at', () => {
  test.each<[string, () => Place, string]>([
    ['a line and column', () => at('map.conf', { line: 3, column: 5 }), ' map.conf:3:5'],
    ['a file in a folder', () => at('a/b.txt', { line: 1 }), ' a/b.txt:1'],
    ['a file alone', () => at('bundle.lock'), ' bundle.lock'],
    ['a field', () => at('bundle.yaml', { field: ['images', 0] }), ' bundle.yaml:8'],
    ['a field of a mapping', () => at('bundle.yaml', { field: ['images', 1] }), ' bundle.yaml:9'],
    ['a field in a line', () => at('bundle.yaml', { field: ['platforms', 1] }), ' bundle.yaml:10'],
    ['a line of a text', () => at('bundle.yaml', { field: map, line: 2 }), ' bundle.yaml:6'],
    ['an item of a list', () => at('list.yaml', { field: map, line: 2 }), ' list.yaml:4'],
    [
      'what holds a field that is not there',
      () => at('bundle.yaml', { field: ['ociImageRegistry', 'name'] }),
      ' bundle.yaml:3',
    ],
    ['a file that is no YAML', () => at('broken.yaml', { field: ['a'] }), ' broken.yaml'],
    ['a file that is gone', () => at('gone.yaml', { field: ['a'] }), ' gone.yaml'],
    ['nothing outside of the workspace', () => ({ file: '/etc/passwd', line: 1 }), ''],
    ['nothing above it', () => at('../x', { line: 1 }), ''],
    ['a name that begins with dots', () => at('..x', { line: 1 }), ' ..x:1'],
  ])('%s', (_, placeOf, expected) => {
    const place = placeOf();
    expect(said([], [place])).toEqual([`warning${expected} airgap-bundle: w`]);
    expect(said([new AirgapError('usage', 'e', { given: 'g', place })])).toEqual([
      `error${expected} airgap-bundle: usage: e\n  given:     g`,
    ]);
  });
});

describe('the platform shows ten of a kind:', () => {
  const errors = (count: number) =>
    Array.from({ length: count }, (_, n) => new AirgapError('usage', `e${n}`));
  const places = (count: number) => Array.from({ length: count }, () => at('x'));
  const of = (kind: string, lines: readonly string[]) =>
    lines.filter((line) => line.startsWith(kind));

  test('ten errors are all annotations', () => {
    expect(of('error', said(errors(10)))).toHaveLength(10);
  });

  test('of more the last one counts the rest, which stand in the log', () => {
    const lines = said(errors(30));
    expect(of('error', lines)).toHaveLength(10);
    expect(of('error', lines).at(-1)).toBe(
      'error airgap-bundle: and 21 more errors: the log has them',
    );
    expect(of('info: error: e', lines)).toHaveLength(21);
  });

  test('so it is with warnings', () => {
    expect(of('warning', said([], places(9)))).toHaveLength(9);
    const lines = said([], places(25));
    expect(of('warning', lines)).toHaveLength(10);
    expect(of('warning', lines).at(-1)).toBe(
      'warning airgap-bundle: and 16 more warnings: the log has them',
    );
    expect(of('info: warning: w', lines)).toHaveLength(16);
  });
});

test('an annotation holds no secret and no control characters', () => {
  const log = recordingLog();
  const redactor = makeRedactor();
  redactor.add('hunter22');
  const made = actionLog(log, redactor, () => new Date(0), workspace);
  made.end([new AirgapError('usage', 'hunter22\u001b[2K', { place: at('a\u202eb') })]);
  expect(log.said).toEqual(['error a\\u{202e}b airgap-bundle: usage: ***\\u{1b}[2K']);
});
