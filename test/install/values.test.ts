import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load, loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Spelling } from '../../src/install/chart.ts';
import { secretYaml } from '../../src/install/secret.ts';
import { type SiteTarget, valuesYaml } from '../../src/install/values.ts';
import { toYaml } from '../../src/install/yaml.ts';
import { AirgapError } from '../../src/report/error.ts';
import { makeChart } from '../helpers/chart.ts';
import { toolPath } from '../helpers/tools.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-'));
});
afterAll(() => rm(folder, { recursive: true }));

const target: SiteTarget = {
  endpoint: 'harbor.example.org',
  name: 'harbor',
  baseContentPath: 'airgap-images',
  insecureSkipVerify: false,
  mirrorRegistries: 'docker.io::harbor.example.org/airgap-images/docker.io',
};

/** Text that some YAML reader, shell or template would take for something else. */
const awkward = [
  ...['no', 'y', 'true', '~', 'null', '', '0123', '0x1F', '1e3', '1_000', '12:30:45', '.inf'],
  ...['2024-01-01', '{{ x }}', '{{ .Values }}', "it's", '"quoted"', 'a: b', 'a #b', '# c', '- d'],
  ...['&anchor', '*alias', '!!tag', '%directive', '@at', '`tick`', '$(touch pwned)', '\\n', 'a\\'],
  ...[
    '  leading',
    'trailing  ',
    '\ttab',
    'two\nlines\n',
    '\n\nblank first',
    'a\r\nb',
    '---',
    '...',
  ],
  ...['\u0085\u2028\u2029\ufeff\u00a0\u007f\u0001\u001b', 'Grüße 日本 😀', 'x'.repeat(5000)],
];

describe('values.yaml', () => {
  test.each(['bare', 'nested'] as const)('%s: every value comes out of helm', async (spelling) => {
    const everything = awkward.join('\u0002');
    const own = { init: 'harbor.example.org/init:1', image: 'harbor.example.org/swap:1' };
    const values = valuesYaml({
      target: {
        endpoint: everything,
        name: 'no',
        baseContentPath: '0123',
        insecureSkipVerify: true,
        caCert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
        mirrorRegistries: 'docker.io::h/a,\nquay.io::h/{{ x }}',
      },
      spelling,
      ownImages: own,
      isEKSCluster: true,
    });
    const rendered = await helmTemplate(spelling, values);
    expect(rendered.secret).toEqual({
      endpoint: everything,
      name: 'no',
      username: '',
      password: '',
      baseContentPath: '0123',
      insecureSkipVerify: 'true',
      caCert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      mirrorRegistries: 'docker.io::h/a,\nquay.io::h/{{ x }}',
    });
    expect(rendered.configMap).toEqual({
      mirrorRegistries: 'docker.io::h/a,\nquay.io::h/{{ x }}',
      insecureIsBoolean: 'true',
      initImage: own.init,
      image: own.image,
      isEKSCluster: 'true',
    });
  });

  test('each awkward text alone, where nothing stands beside it', async () => {
    const texts = Object.fromEntries(awkward.map((text, n) => [`k${n}`, text]));
    const rendered = await helmTemplate('bare', toYaml({ ociImageRegistry: texts }, 'test'));
    expect(rendered.secret).toMatchObject(texts);
  });

  test('every character', async () => {
    const characters = Array.from({ length: 0xfffe }, (_, n) => String.fromCharCode(n + 1))
      .filter((character) => character < '\ud800' || character > '\udfff')
      .join('');
    const mirrorRegistries = `${characters}\u{10ffff}`;
    const values = valuesYaml({ target: { ...target, mirrorRegistries }, spelling: 'bare' });
    expect((await helmTemplate('bare', values)).secret.mirrorRegistries).toBe(mirrorRegistries);
  });

  test('leaves out what nobody set', () => {
    const yaml = valuesYaml({ target, spelling: 'nested' });
    expect(load(yaml.toString())).toEqual({ config: { ociImageRegistry: section } });
  });

  test.each([
    ['that the chart makes: none until there is a credential', 'values' as const],
    ['that is there beside the chart: nothing is said', { name: 'imageswap-system/pull' }],
  ])('pull Secret %s', (_, pullSecret) => {
    const yaml = load(valuesYaml({ target, spelling: 'nested', pullSecret }).toString()) as {
      config: object;
    };
    expect(yaml.config).toEqual({
      ociImageRegistry: section,
      ...(pullSecret === 'values' && { imagePullSecret: { create: false, dockerConfigJson: '' } }),
    });
  });
});

const section = {
  endpoint: 'harbor.example.org',
  name: 'harbor',
  username: '',
  password: '',
  baseContentPath: 'airgap-images',
  insecureSkipVerify: false,
  caCert: '',
  mirrorRegistries: target.mirrorRegistries,
};

describe('registry-secret.yaml', () => {
  test('has the seven keys, and kind, metadata and type as the page wants them', () => {
    expect(load(secretYaml(target).toString())).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 'registry-info', namespace: 'jet-system' },
      stringData: {
        DOMAIN: 'harbor.example.org',
        BASE_PATH: 'airgap-images',
        USERNAME: '',
        PASSWORD: '',
        INSECURE: 'false',
        CA_CERT: '',
        MIRROR_REGISTRIES: target.mirrorRegistries,
      },
    });
  });

  test.each([
    ['half a character', 'a\ud800b'],
    ['a NUL', 'a\0b'],
  ])('%s is refused', (_, mirrorRegistries) => {
    expect(() => secretYaml({ ...target, mirrorRegistries })).toThrow(
      /registry-secret\.yaml: stringData: MIRROR_REGISTRIES holds a character/,
    );
  });

  test('more than Kubernetes takes is refused', () => {
    const large = { ...target, mirrorRegistries: 'x'.repeat(1024 * 1024) };
    expect(() => secretYaml(large)).toThrow(AirgapError);
    const fits = { ...target, mirrorRegistries: 'x'.repeat(1024 * 1024 - 1000) };
    expect(() => secretYaml(fits)).not.toThrow();
  });
});

interface Rendered {
  secret: Record<string, string>;
  configMap: Record<string, string>;
}

async function helmTemplate(spelling: Spelling, values: Buffer): Promise<Rendered> {
  const chart = await makeChart(folder, { spelling });
  const path = join(folder, 'values.yaml');
  await writeFile(path, values);
  const argv = ['template', 'image-swap', chart, '--values', path];
  const { stdout } = await run(await toolPath('helm'), argv, { maxBuffer: 16 * 1024 * 1024 });
  const [secret, configMap] = loadAll(stdout) as { data: Record<string, string> }[];
  const decode = (value: string) => Buffer.from(value, 'base64').toString();
  const data = Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]);
  return { secret: Object.fromEntries(data), configMap: configMap?.data ?? {} };
}
