import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { startRegistry } from '../helpers/registry.ts';
import { type Signing, startSigning } from '../helpers/signing.ts';
import { startSimpleRegistry } from '../helpers/simple-registry.ts';
import { toolPath } from '../helpers/tools.ts';
import { makeJumpHost } from '../install/jump-host.ts';

interface Place {
  readonly host: string;
  stop(): Promise<void>;
}

/** Distribution of both ages and crane's know the tag scheme alone; the last one has the referrers API. */
const kinds = {
  'distribution 3': () => startRegistry(),
  "Debian's registry 2.8": () => startRegistry({ program: 'docker-registry' }),
  'crane registry serve': () => startSimpleRegistry('crane'),
  'crane with the referrers API': () => startSimpleRegistry('referrers-registry'),
} as const;
type Kind = keyof typeof kinds;

let job: Job;
let signing: Signing;
beforeAll(async () => {
  job = await startKeyedJob();
  signing = await startSigning(job);
  await job.write('sbom.json', '{"spdxVersion": "SPDX-2.3"}');
});
afterAll(() => job.remove());

interface Signed {
  readonly nginx: string;
  readonly amd64: string;
  readonly sbom: string;
}

/** nginx:1 with all that people attach: signatures by tags on every level, an attestation, a signed SBOM. */
async function pushSigned(host: string): Promise<Signed> {
  const platforms = ['linux/amd64', 'linux/arm64'];
  const { digest } = await pushImage(host, 'docker.io/library/nginx', '1', { platforms });
  // cosign looks at no tag of an image that has a signature of the new form.
  const other = await pushImage(host, 'quay.io/a/b', '1.2');
  await signing.signNew(`${host}/quay.io/a/b@${other.digest}`);
  const nginx = `${host}/docker.io/library/nginx`;
  await signing.sign(`${nginx}@${digest}`, '--recursive');
  await signing.attest(`${nginx}@${digest}`);
  const sbom = await signing.attach(`${nginx}@${digest}`, 'sbom.json');
  await signing.sign(`${nginx}@${sbom}`);
  const { stdout } = await execa(toolPath('oras'), [
    ...['resolve', '--plain-http', '--platform', 'linux/amd64', `${nginx}:1`],
  ]);
  return { nginx: digest, amd64: stdout, sbom };
}

/** Both consumers' repositories: nginx:1 is asked for as nginx by the webhook, as library/nginx by containerd. */
const repositories = ['m/docker.io/nginx', 'm/docker.io/library/nginx'];

async function expectAllThere(host: string, { nginx, amd64, sbom }: Signed): Promise<void> {
  for (const repository of repositories) {
    const image = `${host}/${repository}`;
    for (const what of [':1', `@${nginx}`, `@${amd64}`, `@${sbom}`])
      expect(await signing.verify(`${image}${what}`), `${image}${what}`).toBe(true);
    expect(await signing.verifyAttestation(`${image}:1`)).toBe(true);
    expect(await signing.discover(`${image}:1`)).toEqual([sbom]);
  }
  expect(await signing.verifyNew(`${host}/m/quay.io/a/b:1.2`)).toBe(true);
}

async function bundle(source: string, target: string, fields: object = {}): Promise<void> {
  const images = ['nginx:1', 'quay.io/a/b:1.2'];
  await job.bundle(target, { images, registries: reached(source, target), ...fields });
}

describe.each<Kind>(['distribution 3', 'crane with the referrers API'])(
  'signed images of %s',
  (kind) => {
    let source: Place;
    let signed: Signed;
    beforeAll(async () => {
      source = await kinds[kind]();
      signed = await pushSigned(source.host);
    }, 60_000);
    afterAll(() => source.stop());

    test.each(Object.keys(kinds) as Kind[])(
      'go with all that is attached to them by mirror to %s',
      async (to) => {
        const target = await kinds[to]();
        await bundle(source.host, target.host);
        const { problems } = await job.done('plan', '-f', 'bundle.yaml');
        expect(problems.filter((one) => one.kind === 'referrer-lost')).toEqual([]);
        await job.done('mirror', '-f', 'bundle.yaml');
        await expectAllThere(target.host, signed);
        await target.stop();
      },
      60_000,
    );

    test.each(Object.keys(kinds) as Kind[])(
      'go with it by create and load to %s',
      async (to) => {
        const target = await kinds[to]();
        await bundle(source.host, target.host);
        const { bundle: tar } = await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
        await job.done('verify', tar, '--key', 'bundle.pub');
        await job.done('load', tar, '--key', 'bundle.pub');
        await expectAllThere(target.host, signed);
        await target.stop();
      },
      60_000,
    );

    test.each<[string, Kind, string[]]>([
      ['', 'distribution 3', []],
      ['', 'crane with the referrers API', []],
      [' in parts', 'distribution 3', ['--split-size', '1MiB']],
    ])(
      'go with it by install.sh, which has oras alone%s, to %s',
      async (_, to, split) => {
        const target = await kinds[to]();
        await bundle(source.host, target.host);
        const made = await job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...split);
        const site = await makeJumpHost();
        const key = ['--key', job.path('bundle.pub')];
        const { code, stderr } = await site.install([made.bundle, ...key, '--only', 'load']);
        expect([code, stderr]).toEqual([0, '']);
        await expectAllThere(target.host, signed);
        await site.remove();
        await target.stop();
      },
      60_000,
    );
  },
);
