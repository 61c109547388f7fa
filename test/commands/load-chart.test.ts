import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadChart } from '../../src/commands/load-chart.ts';
import type { BundleSpec } from '../../src/inputs/spec.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openRegistries, type Registries } from '../../src/registry/client.ts';
import { makeChart } from '../helpers/chart.ts';
import { pushImage } from '../helpers/images.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';
import { context } from '../registry/context.ts';

let folder: string;
let registry: TestRegistry;
let registries: Registries;
let archive: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  registry = await startRegistry();
  archive = await makeChart(folder, { spelling: 'nested' });
  const helm = ['push', archive, `oci://${registry.host}/charts`, '--plain-http'];
  await execa(await toolPath('helm'), helm, { env: { HOME: folder } });
  await pushImage(registry.host, 'charts/no-chart', '1', {});
  registries = openRegistries({
    access: { [registry.host]: { plainHttp: true } },
    credential: async () => undefined,
    context: context(),
  });
});

afterAll(async () => {
  await registries.close();
  await registry.stop();
  await rm(folder, { recursive: true });
});

const load = (chart: string) => loadChart({ imageSwap: { chart } } as BundleSpec, registries);

describe('the chart comes', () => {
  test('from a file', async () => {
    const bytes = await readFile(archive);
    expect(await load(archive)).toMatchObject({ version: '1.5.3', digest: digestOf(bytes) });
  });

  test('from a registry, as `helm push` left it there', async () => {
    const bytes = await readFile(archive);
    const chart = await load(`oci://${registry.host}/charts/image-swap:1.5.3`);
    expect(chart).toMatchObject({ name: 'image-swap', bytes });
  });
});

describe('without imageSwap.chart', () => {
  const without = (environment: BundleSpec['environment']) =>
    loadChart({ environment, imageSwap: {} } as BundleSpec, registries);

  test('it is our own, with its two images and its pull Secret', async () => {
    expect(await without('airgap')).toMatchObject({
      name: 'image-swap',
      version: '1.5.3',
      spelling: 'nested',
      ownImages: {
        init: 'docker.io/thewebroot/imageswap-init:v1.5.3',
        image: 'docker.io/thewebroot/imageswap:v1.5.3',
      },
      pullSecret: { name: 'imageswap-system/imageswap-pull' },
    });
  });

  test('it is none in an environment that gets none', async () => {
    expect(await without('non-airgap')).toBeUndefined();
  });
});

describe('the chart is refused', () => {
  test.each([
    [
      'when its registry does not have it',
      () => `oci://${registry.host}/charts/image-swap:9`,
      'not in its registry',
    ],
    [
      'when it names no version',
      () => `oci://${registry.host}/charts/image-swap`,
      'names no version',
    ],
    [
      'when it is another artifact',
      () => `oci://${registry.host}/charts/no-chart:1`,
      'no helm chart',
    ],
    ['when the file is not there', () => join(folder, 'absent.tgz'), 'not there'],
  ])('%s', async (_, chart, message) => {
    await expect(load(chart())).rejects.toMatchObject({
      class: 'usage',
      message: expect.stringContaining(message),
    });
  });
});
