import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { startSigning } from '../helpers/signing.ts';
import { cycloneDxFaults, spdxFaults } from '../sbom/validators.ts';

const forms = { 'sbom.cdx.json': 'cyclonedx', 'sbom.spdx.json': 'spdx' } as const;
const faults = { 'sbom.cdx.json': cycloneDxFaults, 'sbom.spdx.json': spdxFaults } as const;
const paths = Object.keys(forms) as (keyof typeof forms)[];

let source: TestRegistry;
let job: Job;
let nginx: string;
let attached: string;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  const platforms = ['linux/amd64', 'linux/arm64'];
  nginx = (await pushImage(source.host, 'docker.io/library/nginx', '1', { platforms })).digest;
  await pushImage(source.host, 'quay.io/a/b', '1.2');
  const signing = await startSigning(job);
  await job.write('of-nginx.json', '{"spdxVersion": "SPDX-2.3"}');
  const image = `${source.host}/docker.io/library/nginx@${nginx}`;
  attached = await signing.attach(image, 'of-nginx.json');
});
afterAll(() => Promise.all([source.stop(), job.remove()]));

async function create(version: string, fields: object = {}, ...argv: string[]): Promise<Outcome> {
  const images = ['nginx:1', 'quay.io/a/b:1.2'];
  const registries = reached(source.host, target);
  await job.bundle(target, { version, images, registries, ...fields });
  return job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...argv);
}
/** Nothing is asked of it. */
const target = 'harbor.example.org';

const member = async (bundle: string, path: string): Promise<string> =>
  (await execa('tar', ['-xOf', bundle, path], { stripFinalNewline: false })).stdout;
const inspected = async (bundle: string, form: string): Promise<string> =>
  (await job.run('inspect', bundle, '--output', form)).stdout;

const made: Readonly<Record<string, () => Promise<Outcome>>> = {
  'with what is attached and a chart': () => create('1.0.0'),
  'of one platform': () => create('1.1.0', { platforms: ['linux/amd64'] }),
  'without images': () => create('1.2.0', {}, '--without-images'),
  'that is a delta': () => create('1.3.0', { sequence: 1e10 }, '--since', 'out/sample-1.0.0.tar'),
  'with a credential in clear text': async () => {
    const pull = ['--username', 'puller', '--password-file', await job.write('pw', 'secret')];
    return create('1.4.0', { credentials: 'embed' }, ...pull);
  },
};

test.each(Object.entries(made))(
  'a bundle %s has both SBOMs',
  { timeout: 60_000 },
  async (_, make) => {
    const { bundle } = await make();
    const sums = await member(bundle, 'SHA256SUMS');
    for (const path of paths) {
      const text = await member(bundle, path);
      expect(await faults[path](text)).toHaveLength(0);
      expect(`${await inspected(bundle, forms[path])}\n`, 'as inspect prints it').toBe(text);
      expect(sums).toContain(`  ${path}\n`);
    }
  },
);

test('says what was pushed, by its digest', async () => {
  const { bundle } = await create('2.0.0');
  const { components, dependencies } = JSON.parse(await member(bundle, 'sbom.cdx.json'));
  const purls = components.map(({ purl }: { purl?: string }) => purl);
  const repository = 'repository_url=docker.io%2Flibrary%2Fnginx';
  const [image, other] = [
    `pkg:oci/nginx@${nginx}?${repository}&tag=1`,
    `pkg:oci/nginx@${attached}?${repository}`,
  ];
  expect(purls).toContain(image);
  expect(dependencies).toContainEqual({ ref: other, dependsOn: [image] });
  expect(purls.join('\n')).toMatch(
    /^pkg:generic\/image-swap@1\.5\.3\?checksum=sha256:[0-9a-f]{64}$/m,
  );
});

test('a saved plan gives the same SBOMs, and a bundle with one changed is refused', async () => {
  await create('3.0.0');
  await job.done('plan', '-f', 'bundle.yaml', '-o', 'plan.json');
  const { bundle } = await create('3.0.0', {}, '--plan', 'plan.json');
  expect((await job.run('verify', bundle, '--key', 'bundle.pub')).exitCode).toBe(0);
  await execa('sed', ['-i', '0,/"bomFormat": "CycloneDX"/s//"bomFormat": "Cyclonedx"/', bundle]);
  const refused = await job.run('verify', bundle, '--key', 'bundle.pub');
  expect(refused.exitCode).toBe(5);
  expect(refused.stderr).toContain('sbom.cdx.json');
});
