import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readResolveInput, runResolve } from '../../src/commands/resolve.ts';
import type { Context } from '../../src/context.ts';
import type { Event } from '../../src/report/events.ts';
import { renderResolve } from '../../src/report/resolve-table.ts';

function contextIn(cwd: string): { context: Context; events: Event[] } {
  const events: Event[] = [];
  const signal = new AbortController().signal;
  const emit = (event: Event) => void events.push(event);
  const context = { env: {}, cwd, temporary: cwd, now: () => new Date(0), signal, emit };
  return { context, events };
}

function resolved(mirrorMapText: string, ...images: string[]) {
  const { context, events } = contextIn('/');
  const results = runResolve({ mirrorMapText, mirrorMapName: 'maps.conf', images }, context);
  return { results, warnings: events.map((event) => 'message' in event && event.message) };
}

describe('the answers', () => {
  const map = 'default::\ndocker.io::h.example/airgap\nquay.io/library::h.example/q\n';

  test('one an image, in order, duplicates kept', () => {
    const { results } = resolved(map, 'nginx:1', 'quay.io/a', 'ghcr.io/a', 'nginx:1');
    const nginx = {
      image: 'nginx:1',
      webhook: { swapped: true, image: 'h.example/airgap/nginx:1' },
      containerd: ['h.example/airgap/library/nginx:1'],
    };
    expect(results).toEqual([
      nginx,
      { image: 'quay.io/a', webhook: { error: 'KeyError' }, containerd: [] },
      { image: 'ghcr.io/a', webhook: { swapped: false, image: 'ghcr.io/a' }, containerd: [] },
      nginx,
    ]);
  });

  test('nothing is added to the map', () => {
    const { results } = resolved('docker.io::h.example/airgap\n# no default\n', 'nginx');
    expect(results[0]?.webhook).toEqual({ swapped: false, image: 'nginx' });
  });

  test('as a table', () => {
    const { results } = resolved(map, 'nginx:1', 'quay.io/a', 'ghcr.io/a');
    expect(renderResolve(results)).toBe(
      [
        'IMAGE      WEBHOOK                   CONTAINERD',
        'nginx:1    h.example/airgap/nginx:1  h.example/airgap/library/nginx:1',
        'quay.io/a  (pod refused: KeyError)   (unchanged)',
        'ghcr.io/a  (unchanged)               (unchanged)',
      ].join('\n'),
    );
  });
});

describe('the warnings', () => {
  test.each([
    [
      'an entry that is ignored',
      'default::\nquay.io\n',
      'maps.conf:2:1: quay.io has no "::"; the webhook ignores it',
    ],
    ['the old spelling', 'default::\n quay.io:H\n', 'maps.conf:2:2: quay.io:H uses the old ":"'],
    ['no default', 'quay.io::h\n# \n', 'maps.conf: there is no "default" key'],
    [
      'library alone',
      'default::\ndocker.io/library::\n',
      'maps.conf:2:1: docker.io/library has no entry for the registry',
    ],
    ['/v2/', 'default::\nquay.io::h/v2/x\n', 'maps.conf:2:1: quay.io has /v2/ in its target'],
    [
      'not for containerd',
      'default::\nquay.io::h/m-\n',
      "maps.conf:2:1: quay.io means nothing to containerd's mirrors",
    ],
  ])('%s', (_, map, message) => {
    const { warnings } = resolved(map);
    expect(warnings).toEqual([expect.stringContaining(message)]);
  });

  test('a name that no grammar accepts is named once', () => {
    const { results, warnings } = resolved('default::H\n#\n', 'A b', 'A b');
    expect(results).toHaveLength(2);
    expect(results[0]).toEqual({
      image: 'A b',
      webhook: { swapped: true, image: 'H/A b' },
      containerd: [],
    });
    expect(
      warnings.filter((message) => String(message).includes('not an image name: "A b"')),
    ).toHaveLength(1);
  });
});

describe('the files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-'));
    await writeFile(join(folder, 'map.conf'), 'default::\n');
    await writeFile(join(folder, 'images.txt'), '# list\n\na:1\nb:2 # note\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('are relative to the working folder; the list comes before the arguments', async () => {
    const flags = { mirrorMap: 'map.conf', imagesFile: 'images.txt', images: ['c:3', 'a:1'] };
    expect(await readResolveInput(flags, contextIn(folder).context)).toEqual({
      mirrorMapText: 'default::\n',
      mirrorMapName: 'map.conf',
      images: ['a:1', 'b:2', 'c:3', 'a:1'],
    });
  });

  test("a map that is not there is the caller's mistake", async () => {
    const flags = { mirrorMap: 'none.conf', imagesFile: undefined, images: [] };
    await expect(readResolveInput(flags, contextIn(folder).context)).rejects.toMatchObject({
      class: 'usage',
    });
  });
});
