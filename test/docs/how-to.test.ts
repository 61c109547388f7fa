import { cp, writeFile } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startForwardProxy } from '../helpers/forward-proxy.ts';
import { startHarbor } from '../helpers/harbor.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { makeAuthority } from '../helpers/tls.ts';
import { toolPath } from '../helpers/tools.ts';
import { makeFakeAws } from '../vendors/fake-aws.ts';
import { blocksOf, followPage, pages, root, yamlOf } from './page.ts';

/** What a page finds: a folder with bundle.yaml, keys and a login, and registries with other names than it says. */
interface Setting {
  /** In place of `registry.example.org`. */
  readonly target: string;
  /** Fields of bundle.yaml beside the usual ones. */
  readonly fields?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly replace?: Readonly<Record<string, string>>;
}

let source: TestRegistry;
let plain: TestRegistry;
let job: Job;
const leftovers: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  [source, plain] = await Promise.all([startRegistry(), startRegistry()]);
  leftovers.push(source.stop, plain.stop);
  for (const [name, tag] of [
    ['nginx', '1.27'],
    ['nginx', '1.28'],
    ['redis', '7'],
  ] as const) {
    await pushImage(source.host, `docker.io/library/${name}`, tag, {
      layers: ['debian', name, tag],
    });
  }
});
beforeEach(async () => {
  job = await startJob();
  leftovers.push(job.remove);
  await job.done('keygen', '--out', 'bundle.key');
});
afterAll(async () => {
  for (const remove of leftovers.reverse()) await remove();
});

const settings: Readonly<Record<string, () => Promise<Setting>>> = {
  'own-ca.md': async () => {
    const authority = await makeAuthority();
    const registry = await startRegistry({ tls: await authority.issue(['IP:127.0.0.1']) });
    leftovers.push(authority.remove, registry.stop);
    await cp(authority.path, job.path('ca.pem'));
    const replace = { 'registry.example.org': registry.host };
    const [section] = yamlOf('docs/how-to/own-ca.md', replace);
    return { target: registry.host, fields: { ...section } };
  },
  'proxies.md': async () => {
    const proxy = await startForwardProxy();
    leftovers.push(proxy.stop);
    proxy.lead('hub.example.org', source.host);
    return {
      target: plain.host,
      fields: {
        registries: reached('hub.example.org', plain.host, ['docker.io']),
      },
      replace: { 'http://proxy.example.org:3128': proxy.url },
    };
  },
  'without-node.md': async () => {
    await writeFile(job.path('node'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    const [carried] = yamlOf('docs/how-to/without-node.md');
    return { target: plain.host, fields: { ...carried } };
  },
  'rotate-keys.md': async () => ({ target: plain.host }),
  'update-by-delta.md': async () => ({ target: plain.host }),
  'fips.md': async () => ({ target: plain.host }),
  'harbor.md': async () => {
    const admin = { username: 'admin', password: 'harbor', mayCreate: true };
    const harbor = await startHarbor({ accounts: [admin], registry: plain.host });
    leftovers.push(harbor.stop);
    await job.write('pw', 'harbor\n');
    return {
      target: harbor.host,
      fields: { registries: reached(source.host, harbor.host, ['docker.io']) },
    };
  },
  'ecr.md': async () => {
    const aws = await makeFakeAws();
    leftovers.push(aws.remove);
    return {
      target: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
      env: aws.env,
    };
  },
  'artifactory.md': async () => ({ target: plain.host }),
};

test('every how-to is followed here', () => {
  const paths = pages.filter((page) => page.startsWith('docs/how-to/'));
  expect(
    Object.keys(settings)
      .map((name) => `docs/how-to/${name}`)
      .sort(),
  ).toEqual(paths);
});

test.each(Object.entries(settings))('%s works as it stands', async (name, make) => {
  const { target, fields, env, replace } = await make();
  const page = `docs/how-to/${name}`;
  await job.write('bundle.yaml', dump({ ...bundleYaml(target), ...fields }));
  await writeFile(job.path('airgap-bundle'), launcher(), { mode: 0o755 });
  expect(blocksOf(page).some(({ lang }) => lang === 'sh')).toBe(true);
  await followPage(page, {
    cwd: job.folder,
    env: { ...environment(), ...env, PATH: [job.folder, env?.PATH ?? '', path()].join(delimiter) },
    replace: { 'registry.example.org': target, ...replace },
  });
});

function bundleYaml(target: string): object {
  return {
    apiVersion: 'airgap-bundle/v1',
    name: 'shop',
    version: '1.0.0',
    environment: 'non-airgap',
    ociImageRegistry: {
      endpoint: target,
      name: 'private',
      baseContentPath: 'airgap-images',
      mirrorRegistries: `docker.io::${target}/airgap-images/docker.io`,
    },
    images: ['nginx:1.27', 'redis:7'],
    registries: reached(source.host, plain.host, ['docker.io']),
    signing: { key: 'bundle.key' },
  };
}

const launcher = () => `#!/bin/sh\nexec "${process.execPath}" "${root}/dist/bundle.js" "$@"\n`;

const path = () => [dirname(toolPath('oras')), '/usr/bin', '/bin'].join(delimiter);

function environment(): Record<string, string> {
  return { HOME: job.path('home'), XDG_STATE_HOME: job.path('state'), TMPDIR: job.path('tmp') };
}
