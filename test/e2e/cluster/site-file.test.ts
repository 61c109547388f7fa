import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownImages } from '../../../demo/samples.ts';
import { section } from '../../helpers/job.ts';
import { decoded } from '../../install/jump-host.ts';
import { expectImages, pull, type Site, secretOf, startSite } from './site.ts';

/** Nobody answers there: the bundle was made for it. */
const signed = 'harbor.example.org';

let site: Site;
beforeAll(async () => {
  site = await startSite('own');
  await site.reset();
});
afterAll(() => site?.stop());

test('a bundle for one registry is installed with another, as a site file names it, and again', async () => {
  const { cluster, target, authority, job } = site;
  const args = await site.bundle({ version: '2.0.0', ociImageRegistry: section(signed) });
  const ociImageRegistry = { endpoint: target.host, name: 'here', caCert: 'ca.pem' };
  const flags = [...args, '--site', await job.write('site.yaml', { ociImageRegistry })];
  const host = await site.host({ node: true });

  const outcome = await host.install(flags);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  expect(outcome.stdout).toContain(`NOT SIGNED: the bundle was made for ${signed}/m`);
  await expectImages(site);
  const mirrorRegistries = `docker.io::${target.host}/m/docker.io,quay.io::${target.host}/m/quay.io`;
  expect(decoded(await secretOf(cluster))).toEqual({
    DOMAIN: target.host,
    BASE_PATH: 'm',
    USERNAME: pull.username,
    PASSWORD: pull.password,
    INSECURE: 'false',
    CA_CERT: authority.pem,
    MIRROR_REGISTRIES: mirrorRegistries,
  });
  const values = JSON.parse(await cluster.helm('get', 'values', 'image-swap', '--output=json'));
  expect(values.config).toMatchObject({
    ociImageRegistry: { endpoint: target.host, name: 'here', mirrorRegistries },
    imageSwapImages: {
      imageSwapInitImage: `${target.host}/m/${ownImages.init}`,
      imageSwapImage: `${target.host}/m/${ownImages.image}`,
    },
  });
  expect(await host.leftovers()).toEqual([]);

  const done = await cluster.settled();
  const again = await host.install(flags);
  expect(again, again.stderr).toMatchObject({ code: 0 });
  expect(await cluster.objects()).toEqual(done);

  const gone = await host.install([...flags, '--uninstall']);
  expect(gone, gone.stderr).toMatchObject({ code: 0 });
  expect(await secretOf(cluster)).toBeUndefined();
});
