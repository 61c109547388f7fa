import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { distFolder, installScriptPath } from '../../src/install/assets.ts';
import { readChart } from '../../src/install/chart.ts';
import { secretData } from '../../src/install/secret.ts';
import { type InventoryHead, imagesTable, settingsTable } from '../../src/install/tables.ts';
import { type ChartOptions, makeChart } from '../helpers/chart.ts';
import { makeBundle, type TestBundle } from './make-bundle.ts';

let folder: string;
let bundle: TestBundle;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  bundle = await makeBundle({ folder, endpoint: 'h.example.org:5000', program: '// program' });
});
afterAll(() => rm(folder, { recursive: true }));

function member(path: string): string {
  return execFileSync('tar', ['-xOf', bundle.path, path]).toString();
}

test('the files stand in the order of the format', () => {
  const entries = execFileSync('tar', ['-tf', bundle.path]).toString().split('\n');
  expect(entries.filter((path) => path !== '' && !path.startsWith('blobs/'))).toEqual([
    'bundle.json',
    'oci-layout',
    'index.json',
    'install.sh',
    'images.tsv',
    'settings.tsv',
    'SHA256SUMS',
    'README.txt',
    'chart/image-swap-1.5.3.tgz',
    'values.yaml',
    'registry-secret.yaml',
    'nodes/config.toml',
    'nodes/config-path-v2.toml',
    'nodes/config-path-v3.toml',
    'nodes/certs.d/docker.io/hosts.toml',
    'nodes/certs.d/quay.io/hosts.toml',
    'nodes/README.txt',
    'bundle.js',
  ]);
});

test('install.sh is the same for every bundle, and may be run', async () => {
  expect(member('install.sh')).toBe(await readFile(installScriptPath(), 'utf8'));
  const listed = execFileSync('tar', ['-tvf', bundle.path, 'install.sh']).toString();
  expect(listed).toMatch(/^-rwxr-xr-x /);
});

describe('images.tsv', () => {
  test('has a line for each placement', () => {
    const lines = imagesTable(bundle.inventory).toString().trimEnd().split('\n');
    const placed = lines.map((line) => {
      const [digest, , repository, tag] = line.split('\t');
      return [`h.example.org:5000/${repository}:${tag}`, digest];
    });
    expect(new Map(placed as [string, string][])).toEqual(bundle.placements);
    expect(lines.every((line) => line.split('\t')[4] === 'push')).toBe(true);
  });

  test('marks what a pull-through cache must prove', () => {
    const target = {
      ...bundle.inventory.target,
      pullThrough: ['h.example.org:5000/airgap/quay.io'],
    };
    const lines = imagesTable({ ...bundle.inventory, target })
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => line.split('\t').slice(2))).toEqual([
      ['airgap/docker.io/nginx', '1', 'push', 'nginx:1'],
      ['airgap/docker.io/library/nginx', '1', 'push', 'nginx:1'],
      ['airgap/quay.io/team/tool', '2', 'prove', 'quay.io/team/tool:2'],
    ]);
  });
});

describe('settings.tsv', () => {
  const settings = (inventory: Partial<InventoryHead> = {}) => {
    const text = settingsTable({ ...bundle.inventory, ...inventory }, bundle.target).toString();
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
  };

  test('has the Secret as registry-secret.yaml has it', () => {
    const secret = load(member('registry-secret.yaml')) as { stringData: Record<string, string> };
    const rows = settings().filter(([key]) => key?.startsWith('secret.'));
    const decoded = rows.map(([key = '', value = '']) => [
      key.slice('secret.'.length),
      Buffer.from(value, 'base64').toString(),
    ]);
    expect(Object.fromEntries(decoded)).toEqual(secret.stringData);
    expect(secret.stringData).toEqual(secretData(bundle.target));
  });

  test('has each root with the tag that keeps it', () => {
    const { root } = bundle.inventory;
    if (root === undefined) throw new Error('no root');
    const rows = settings({ moreRoots: [root, root] }).filter(([key]) => key === 'root');
    expect(rows.map(([, value]) => value)).toEqual([
      `${root.digest} 1.4.0`,
      `${root.digest} 1.4.0-2`,
      `${root.digest} 1.4.0-3`,
    ]);
  });

  test.each<[string, ChartOptions['pullSecret'], string[][]]>([
    ['into its values', undefined, [['registryKey', 'config.ociImageRegistry']]],
    [
      'and for its pods too',
      'values',
      [
        ['registryKey', 'config.ociImageRegistry'],
        ['pullSecretKey', 'config.imagePullSecret'],
      ],
    ],
    [
      'beside it, into a Secret',
      { name: 'imageswap-system/pull' },
      [['pullSecret', 'imageswap-system/pull']],
    ],
  ])('says where a chart wants the pull credential: %s', async (_, pullSecret, expected) => {
    const options: ChartOptions = { spelling: 'nested', ...(pullSecret && { pullSecret }) };
    const path = await makeChart(folder, options);
    const chart = await readChart(await readFile(path), path);
    const rows = settingsTable(bundle.inventory, bundle.target, chart)
      .toString()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.filter(([key]) => /^(registryKey|pullSecret)/.test(key ?? ''))).toEqual(expected);
  });

  test('has the day before as the earliest sound clock', () => {
    expect(settings()).toContainEqual(['notBefore', '2026-01-01T03:04:05Z']);
  });

  test.each(['a\tb', 'a\nb', 'a\u0085b', 'a\ud800'])('%j in a name is refused', (version) => {
    expect(() => settings({ version })).toThrow(/control character/);
  });
});

test('no credential is in values or Secret', () => {
  expect(load(member('values.yaml'))).toMatchObject({
    ociImageRegistry: { username: '', password: '' },
  });
  expect(load(member('registry-secret.yaml'))).toMatchObject({
    stringData: { USERNAME: '', PASSWORD: '' },
  });
});

test('the programs that a bundle carries lie in dist/', () => {
  expect(distFolder()).toBe(join(import.meta.dirname, '../../dist'));
});
