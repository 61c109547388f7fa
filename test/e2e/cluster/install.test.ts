import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decoded, type HostOptions, type JumpHost } from '../../install/jump-host.ts';
import { playInitContainer } from './init-container.ts';
import {
  changed,
  expectImages,
  ofANamespace,
  pull,
  type Site,
  secretOf,
  startSite,
} from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());

const ways: readonly [string, HostOptions][] = [
  ['Node and helm 3', { node: true }],
  ['bash alone, and helm 4', { shell: 'bash --posix', real: 'helm4' }],
  ['busybox alone', { shell: 'busybox sh' }],
];

describe.each(ways)('bundle to registry to cluster, with %s', (_, options) => {
  let host: JumpHost;
  let before: ReadonlyMap<string, string>;
  beforeAll(async () => {
    await site.emptyRegistry();
    await site.reset();
    before = await site.cluster.objects();
    host = await site.host(options);
  });

  test('the Secret has all seven keys byte by byte, and the release is there', async () => {
    const pods = site.cluster.runPods();
    const outcome = await host.install([...site.args, '--wait']);
    await pods.stop();
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    const secret = await secretOf(site.cluster);
    expect(secret?.type).toBe('Opaque');
    expect(decoded(secret)).toEqual({
      DOMAIN: site.target.host,
      BASE_PATH: 'm',
      USERNAME: pull.username,
      PASSWORD: pull.password,
      INSECURE: 'false',
      CA_CERT: site.authority.pem,
      MIRROR_REGISTRIES: `docker.io::${site.target.host}/m/docker.io,quay.io::${site.target.host}/m/quay.io`,
    });
    const [release] = JSON.parse(await site.cluster.helm('list', '--output=json'));
    expect(release).toMatchObject({ name: 'image-swap', status: 'deployed', revision: '1' });
    // Our chart is given no password: its pods pull by a Secret that helm does not know.
    expect(await site.cluster.helm('get', 'all', 'image-swap')).not.toContain('canary');
    await expectImages(site);
    expect(await host.leftovers()).toEqual([]);
  });

  test('a second run changes nothing', async () => {
    const done = await site.cluster.objects();
    const outcome = await host.install(site.args);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(await site.cluster.objects()).toEqual(done);
  });

  test('--uninstall takes everything away that it brought, and names the namespace', async () => {
    await playInitContainer(site);
    const outcome = await host.install([...site.args, '--uninstall']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('namespace imageswap-system was made by this script');
    // The garbage collector takes the pods of the deployment.
    const changes = async () => changed(before, await site.cluster.objects());
    await expect.poll(changes, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
  });
});

test('--uninstall asks for the rights to all that it deletes before it deletes anything', async () => {
  await site.reset();
  const host = await site.host();
  expect(await host.install([...site.args, '--skip', 'load'])).toMatchObject({ code: 0 });
  await playInitContainer(site);
  const nearly = await site.cluster.kubeconfigFor('installer', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] },
    {
      apiGroups: ['', 'apps', 'rbac.authorization.k8s.io', 'admissionregistration.k8s.io'],
      resources: ['*'],
      verbs: ['*'],
    },
  ]);
  const before = await site.cluster.objects();
  const outcome = await host.install([...site.args, '--uninstall', '--kubeconfig', nearly]);
  expect(outcome.code).toBe(11);
  expect(outcome.stderr).toMatch(
    /not allowed: delete certificatesigningrequests\.certificates\.k8s\.io imageswap\.imageswap-system\.cert-request\n/,
  );
  expect(await site.cluster.objects()).toEqual(before);
});
