import { expect, test } from 'vitest';
import { mapChecks } from '../../src/doctor/map-checks.ts';
import { clusterWith, inventoryOf } from './stand-in.ts';

const bundleMap = 'default::h.io/m/others\nnoswap_wildcards::h.io\ndocker.io::h.io/m/docker.io\n';
const inventory = inventoryOf(bundleMap, {
  'nginx:1': ['h.io/m/docker.io/nginx:1'],
  'ghcr.io/a/b:1': ['h.io/m/others/a/b:1'],
});
const home = { kind: 'ConfigMap', metadata: { name: 'maps', namespace: 'n' }, data: { maps: '' } };

/** Status and the lines of evidence after the first one of both checks. */
async function judge(maps: string | undefined) {
  const objects = maps === undefined ? {} : { 'configmap/maps': { data: { maps } } };
  const checks = await mapChecks(clusterWith(objects), [home], inventory);
  return checks.map(({ status, evidence }) => [status, ...evidence.split('\n').slice(1)]);
}

const fine = [['ok'], ['ok']];

test.each<[string, string | undefined, string[][]]>([
  ['the very map', bundleMap, fine],
  ['other order, comments and blanks', `docker.io :: h.io/m/docker.io # x\n\n${bundleMap}`, fine],
  ['written with commas', bundleMap.trim().replaceAll('\n', ','), fine],
  ['further names that are not swapped', bundleMap.replace('::h.io\n', '::h.io,other.io\n'), fine],
  [
    'an image that is not swapped',
    bundleMap.replace('::h.io\n', '::h.io,ghcr.io\n'),
    [
      ['failure', 'ghcr.io/a/b:1 becomes ghcr.io/a/b:1, and by the bundle h.io/m/others/a/b:1'],
      ['ok'],
    ],
  ],
  [
    'an entry less',
    bundleMap.replace(/docker.*\n/, ''),
    [['failure', 'missing: docker.io::h.io/m/docker.io'], ['ok']],
  ],
  [
    'an entry more',
    `${bundleMap}quay.io::h.io/m\n`,
    [['failure', 'not of the bundle: quay.io::h.io/m'], ['ok']],
  ],
  ['an entry that a later one replaces', `docker.io::old.io/x\n${bundleMap}`, fine],
  [
    'an entry that replaces',
    `${bundleMap}docker.io::h.io/new\n`,
    [
      ['failure', 'missing: docker.io::h.io/m/docker.io', 'not of the bundle: docker.io::h.io/new'],
      ['ok'],
    ],
  ],
  [
    'the target is swapped',
    bundleMap.replace(/noswap.*\n/, ''),
    [
      ['ok'],
      [
        'failure',
        'h.io/m/docker.io/nginx:1 becomes h.io/m/others/m/docker.io/nginx:1',
        'h.io/m/others/a/b:1 becomes h.io/m/others/m/others/a/b:1',
      ],
    ],
  ],
  ['no ConfigMap', undefined, [['failure'], ['skipped']]],
])('%s', async (_, maps, found) => {
  expect(await judge(maps)).toEqual(found);
});

test('of [REPLACE] entries the order counts', async () => {
  const [a, b] = ['[REPLACE]a*::h.io/a', '[REPLACE]*b::h.io/b'];
  const wanted = inventoryOf(`${a}\n${b}\n`, {});
  const cluster = clusterWith({ 'configmap/maps': { data: { maps: `${b}\n${a}\n` } } });
  const [first] = await mapChecks(cluster, [home], wanted);
  expect(first).toMatchObject({
    status: 'failure',
    evidence: expect.stringMatching(/\nits \[REPLACE\] entries are in another order$/),
  });
});

test('a chart without a map is not judged', async () => {
  const other = { ...home, data: { other: 'x' } };
  const checks = await mapChecks(clusterWith({}), [other], inventory);
  expect(checks.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
});
