import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { load as parseYaml } from 'js-yaml';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestAt, requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import {
  type Ended,
  type Job,
  type Outcome,
  reached,
  section,
  startKeyedJob,
} from '../helpers/job.ts';
import { startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { makeAuthority } from '../helpers/tls.ts';
import { makeJumpHost } from '../install/jump-host.ts';
import { until } from './killed.ts';

/** Nobody answers there: the bundle was made for it, and is loaded elsewhere. */
const signed = 'harbor.example.org';
const trusted = ['--key', 'bundle.pub'];
const bundle = 'out/sample-1.0.0.tar';
const ownImage = 'quay.io/twr/imageswap:1';
const images = ['nginx:1', 'quay.io/a/b:1', 'quay.io/a/c:1'];
const nginx = { layers: ['shared'], platforms: ['linux/amd64', 'linux/arm64'] };

interface Loaded extends Outcome {
  readonly overrides: readonly string[];
  readonly site: Record<string, unknown> | null;
}
type Derived = Outcome & { readonly files: readonly string[]; readonly out: string };

let source: TestRegistry;
let target: TestRegistry;
let job: Job;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startKeyedJob()]);
  await pushImage(source.host, 'docker.io/library/nginx', '1', nginx);
  await pushImage(source.host, 'quay.io/a/b', '1', { layers: ['shared', 'b'] });
  await pushImage(source.host, 'quay.io/a/c', '1', { layers: ['shared', 'c'] });
  await pushImage(source.host, 'quay.io/twr/imageswap', '1', { layers: ['own'] });
  await create();
});
afterAll(async () => {
  await Promise.all([source.stop(), job.remove()]);
});
beforeEach(async () => {
  target = await startRegistry();
});
afterEach(() => target.stop());

async function create(fields = {}, ...argv: string[]): Promise<Outcome> {
  const registries = reached(source.host, signed);
  const imageSwap = { chart: './image-swap-1.5.3.tgz', initImage: ownImage, isEKSCluster: true };
  await job.bundle(signed, { images, registries, imageSwap, ...fields });
  return job.done('create', '-f', 'bundle.yaml', '-o', 'out', ...argv);
}

/** A site file for the target, over plain HTTP. */
async function site(fields = {}, more = {}): Promise<string[]> {
  await job.write('site.yaml', {
    ociImageRegistry: { endpoint: target.host, baseContentPath: 'other/path', ...fields },
    registries: { [target.host]: { plainHttp: true } },
    ...more,
  });
  return [...trusted, '--site', 'site.yaml'];
}

const load = (flags: readonly string[], path = bundle) =>
  job.run<Loaded>('load', path, ...flags, '--output', 'json');

const derive = (flags: readonly string[], path = bundle, out = `derived-${Math.random()}`) =>
  job.run<Derived>('derive', path, ...flags, '-o', out, '--output', 'json');

async function expectPlaced({ json }: Ended<Outcome>, registry = target): Promise<void> {
  for (const { digest, placements } of json.images)
    for (const { reference } of placements) {
      expect(reference.startsWith(`${registry.host}/other/path/`)).toBe(true);
      const [repository = '', tag = ''] = reference.slice(registry.host.length + 1).split(':');
      expect(await digestAt(registry.host, repository, tag), reference).toBe(digest);
    }
}

const fileOf = (path: string, archive = bundle) =>
  execFileSync('tar', ['-xOf', job.path(archive), path], { maxBuffer: 64 * 1024 ** 2 });

describe('load --site', () => {
  test('places every signed image where the map, moved to this site, asks for it', async () => {
    const ended = await load(await site());
    expect(ended).toMatchObject({ exitCode: 0, json: { errors: [] } });
    await expectPlaced(ended);
    const placed = ended.json.images.flatMap(({ placements }) =>
      placements.map(({ reference }) => reference.slice(`${target.host}/other/path/`.length)),
    );
    expect(placed).toEqual([
      'docker.io/nginx:1',
      'docker.io/library/nginx:1',
      'quay.io/a/b:1',
      'quay.io/a/c:1',
      'quay.io/twr/imageswap:1',
    ]);
    expect(await digestAt(target.host, 'other/path/bundles/sample', '1.0.0')).toMatch(/^sha256:/);

    const again = await load(await site());
    expect(again.json.counts).toEqual({ there: 5 });
  });

  test('says that the target is not signed: on the way, in the result, in the record', async () => {
    const ended = await load(await site());
    const words = `the target ${target.host}/other/path comes from a site file and is not signed; the bundle was made for ${signed}/m`;
    expect(ended.stderr).toContain(words);
    // What was told when the bundle was made.
    expect(ended.stderr).not.toContain('has no `default`');
    expect(ended.json.site).toEqual({
      file: job.path('site.yaml'),
      signed: false,
      target: `${target.host}/other/path`,
      signedTarget: `${signed}/m`,
    });
    expect(ended.json.overrides).toEqual([words]);
    const [record] = await recordsOf(`${target.host}/other/path`);
    expect(record).toMatchObject({ name: 'sample', version: '1.0.0', overrides: [words] });
    const shown = await job.run('load', bundle, ...(await site()));
    expect(shown.stdout).toContain(
      `NOT SIGNED: the target is that of ${job.path('site.yaml')}; the bundle was made for ${signed}/m`,
    );
  });

  test('a map of its own wins, and what it maps elsewhere goes there', async () => {
    const mirrorRegistries = [
      `docker.io::${target.host}/other/path/hub`,
      `quay.io::${target.host}/other/path`,
    ];
    const ended = await load(await site({ mirrorRegistries }));
    expect(ended.json.errors).toEqual([]);
    await expectPlaced(ended);
    expect(await digestAt(target.host, 'other/path/hub/library/nginx', '1')).toMatch(/^sha256:/);
    expect(await digestAt(target.host, 'other/path/a/b', '1')).toMatch(/^sha256:/);
  });

  test('what a map of its own leaves out is told', async () => {
    const ended = await load(
      await site({ mirrorRegistries: `docker.io::${target.host}/other/path` }),
    );
    expect(ended.json.counts).toEqual({ placed: 2 });
    expect(ended.stderr).toContain('no rule maps quay.io/a/b:1');
  });

  test('an older bundle than the one loaded last at this site is refused, at another it is not', async () => {
    await create({ version: '2.0.0', sequence: 2_000_000_000 });
    const newer = 'out/sample-2.0.0.tar';
    expect((await load(await site(), newer)).exitCode).toBe(0);
    expect(await load(await site())).toMatchObject({ exitCode: 6 });
    expect((await load(await site({ baseContentPath: 'third' }))).exitCode).toBe(0);
  });

  test('a second load into the same site waits for nobody, one into another goes beside it', async () => {
    const front = await startFrontProxy(target.host);
    let goOn = () => {};
    const isTime = new Promise<undefined>((resolve) => {
      goOn = () => resolve(undefined);
    });
    const isWrite = ({ method, path }: { method: string; path: string }) =>
      (method === 'PUT' || method === 'POST') && path.includes('/other/path/');
    front.rules.push((request) => (isWrite(request) ? isTime : undefined));
    try {
      const named = { registries: { [front.host]: { plainHttp: true } } };
      const flags = await site({ endpoint: front.host }, named);
      const running = load(flags);
      await until(() => front.requests.some(isWrite));
      const second = await load(flags);
      expect(second.exitCode).toBe(12);
      expect(second.stderr).toContain(`what is loaded of sample into ${front.host}/other/path`);
      const beside = await site({ endpoint: front.host, baseContentPath: 'beside' }, named);
      expect((await load(beside)).exitCode).toBe(0);
      goOn();
      expect((await running).exitCode).toBe(0);
    } finally {
      goOn();
      await front.stop();
    }
  });

  test('over TLS by an own CA and with a password, as the site file names them', async () => {
    const authority = await makeAuthority();
    const tls = await authority.issue(['IP:127.0.0.1']);
    const htpasswd = { username: 'ops', password: 'geheim' };
    const secured = await startRegistry({ tls, htpasswd });
    try {
      await job.write('site/ca.pem', authority.pem);
      await job.write('pw', 'geheim\n');
      const ociImageRegistry = { endpoint: secured.host, caCert: 'ca.pem' };
      await job.write('site/site.yaml', { ociImageRegistry });
      const push = ['--push-username', 'ops', '--push-password-file', 'pw'];
      const ended = await load([...trusted, '--site', 'site/site.yaml', ...push]);
      expect(ended).toMatchObject({ exitCode: 0, json: { counts: { placed: 5 } } });
    } finally {
      await secured.stop();
      await authority.remove();
    }
  });

  test('a bundle in parts, and a delta whose base was loaded at this site', async () => {
    await create({ version: '3.0.0', sequence: 1 }, '--split-size', '1MiB');
    const old = ['out/sample-3.0.0.tar', 'out/sample-3.1.0.tar'] as const;
    await pushImage(source.host, 'quay.io/a/b', '1', { layers: ['shared', 'b, changed'] });
    await create({ version: '3.1.0', sequence: 2 }, '--since', old[0]);
    const lacking = await load(await site(), old[1]);
    expect(lacking).toMatchObject({ exitCode: 8 });
    expect(lacking.stderr).toContain(`builds on sample 3.0.0, of which ${target.host} lacks`);
    expect((await load(await site(), old[0])).json.errors).toEqual([]);
    const ended = await load(await site(), old[1]);
    expect(ended.json.errors).toEqual([]);
    await expectPlaced(ended);
  });
});

describe('what goes through a cache here', () => {
  const pullThrough = [`${signed}/m/docker.io`];
  const cached = 'out/sample-4.0.0.tar';
  beforeAll(async () => {
    await create({ version: '4.0.0', pullThrough });
  });

  test('does so at the site: it is asked, not pushed', async () => {
    for (const name of ['nginx', 'library/nginx'])
      await pushImage(target.host, `other/path/docker.io/${name}`, '1', nginx);
    const asked = await requestsOf(target, async () => {
      const ended = await load(await site(), cached);
      expect(ended.json.errors).toEqual([]);
      expect(ended.json.counts).toEqual({ proved: 2, placed: 3 });
    });
    const atCache = asked.filter(({ path }) => path.includes('/other/path/docker.io/'));
    expect(new Set(atCache.map(({ method }) => method))).toEqual(new Set(['HEAD']));
  });

  test('cannot be pushed where there is none: the bundle does not have it', async () => {
    const ended = await load(await site({}, { pullThrough: [] }), cached);
    expect(ended).toMatchObject({ exitCode: 2 });
    expect(ended.stderr).toContain('not-carried: nginx:1 would be pushed, but the bundle');
  });
});

describe('refused before any request', () => {
  const to = () => `${target.host}/other/path`;
  const cases: readonly [what: string, fields: () => object, error: RegExp][] = [
    [
      'two images at one place',
      () => ({
        mirrorRegistries: [
          `[EXACT]quay.io/a/b:1::${to()}/x:1`,
          `[EXACT]quay.io/a/c:1::${to()}/x:1`,
        ],
      }),
      /collision: quay\.io\/a\/b:1 \(sha256:\w+\) and quay\.io\/a\/c:1 \(sha256:\w+\) would both be/,
    ],
    [
      'a target outside the base path',
      () => ({ mirrorRegistries: `docker.io::${target.host}/elsewhere` }),
      /outside-target: mirror map 1:1 \(docker\.io\): .* does not lie under/,
    ],
    [
      'a rewrite loop',
      () => ({ mirrorRegistries: `default::${to()},noswap_wildcards::nothing` }),
      /rewrite-loop: /,
    ],
    [
      'an endpoint with a scheme',
      () => ({ endpoint: `http://${target.host}` }),
      /is not host\[:port\]/,
    ],
  ];
  test.each(cases)('%s', async (_, fields, error) => {
    const before = target.requests().length;
    const ended = await load(await site(fields()));
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(error) });
    expect(target.requests().slice(before)).toEqual([]);
  });

  test('how another registry is reached', async () => {
    const flags = await site({}, { registries: { 'x.example:1': { plainHttp: true } } });
    const ended = await load(flags);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/registries\."x\.example:1" is not the endpoint/);
  });
});

test('install.sh gives a pull credential that the bundle carries to no other registry', async () => {
  await job.write('pw', 'geheim\n');
  const carried = ['--username', 'puller', '--password-file', 'pw'];
  await create({ version: '8.0.0', credentials: 'embed' }, ...carried);
  const host = await makeJumpHost({ node: true, without: ['kubectl', 'helm'] });
  const args = [job.path('out/sample-8.0.0.tar'), '--key', job.path('bundle.pub')];
  const install = async (section: object) => {
    await job.write('site.yaml', { ociImageRegistry: section });
    return host.install([...args, '--site', job.path('site.yaml'), '--dry-run', '--skip', 'load']);
  };
  try {
    const elsewhere = await install({ endpoint: 'r.example' });
    expect(elsewhere.code, elsewhere.stderr).toBe(0);
    expect(elsewhere.stdout).toContain(`is for ${signed}, and is not used for r.example`);
    expect(elsewhere.stdout).not.toContain('puller');
    const below = await install({ baseContentPath: 'other' });
    expect(below.stdout).toContain('using the pull credential that the bundle carries');
  } finally {
    await host.remove();
  }
});

describe('derive', () => {
  test.each([
    ['a bundle', bundle, {}, [] as string[]],
    [
      'a bundle with our own chart, and with oras in it',
      'out/sample-7.0.0.tar',
      { imageSwap: { initImage: ownImage, image: ownImage }, tools: ['linux/amd64'] },
      [],
    ],
    ['a bundle without chart', 'out/sample-5.0.0.tar', { environment: 'non-airgap' }, []],
    ['a delta', 'out/sample-6.0.0.tar', { sequence: 1_900_000_000 }, ['--since', bundle]],
  ])("of %s with the bundle's own target gives the signed bytes", async (_, path, fields, argv) => {
    const version = /-(\d.*)\.tar/.exec(path)?.[1];
    if (path !== bundle) {
      await pushImage(source.host, 'quay.io/a/d', '1', { layers: ['shared', 'd'] });
      await create({ version, images: [...images, 'quay.io/a/d:1'], ...fields }, ...argv);
    }
    const own = section(signed);
    await job.write('site.yaml', {
      ociImageRegistry: path === bundle ? { endpoint: signed } : own,
    });
    const ended = await derive([...trusted, '--site', 'site.yaml'], path);
    expect(ended.exitCode).toBe(0);
    const listed = execFileSync('tar', ['-tf', job.path(path)])
      .toString()
      .split('\n');
    const ofTarget = listed.filter((name) =>
      /^nodes\/|^values|^registry-secret|^(?!SHA).*\.tsv$/.test(name),
    );
    expect(ended.json.files).toEqual(ofTarget);
    for (const name of ofTarget)
      expect(await readFile(`${ended.json.out}/${name}`, 'utf8'), name).toBe(
        String(fileOf(name, path)),
      );
  });

  test('writes what is installed here, for this user alone', async () => {
    const flags = await site({ name: 'at the site', insecureSkipVerify: true });
    const { exitCode, json } = await derive(flags);
    expect(exitCode).toBe(0);
    const read = async (name: string) => parseYaml(await readFile(`${json.out}/${name}`, 'utf8'));
    const mirrorRegistries = `docker.io::${target.host}/other/path/docker.io,quay.io::${target.host}/other/path/quay.io`;
    expect(await read('values.yaml')).toMatchObject({
      config: {
        ociImageRegistry: {
          endpoint: target.host,
          name: 'at the site',
          baseContentPath: 'other/path',
          insecureSkipVerify: true,
          caCert: '',
          mirrorRegistries,
        },
        imageSwapImages: {
          imageSwapInitImage: `${target.host}/other/path/quay.io/twr/imageswap:1`,
        },
        imageSwapConfig: { isEKSCluster: true },
      },
    });
    expect(await read('registry-secret.yaml')).toMatchObject({
      stringData: {
        DOMAIN: target.host,
        BASE_PATH: 'other/path',
        INSECURE: 'true',
        MIRROR_REGISTRIES: mirrorRegistries,
      },
    });
    const hosts = await readFile(`${json.out}/nodes/certs.d/quay.io/hosts.toml`, 'utf8');
    expect(hosts).toContain(`http://${target.host}/v2/other/path/quay.io`);
    expect(target.requests()).toEqual([]);
    expect((await stat(json.out)).mode & 0o777).toBe(0o700);
    for (const file of json.files)
      expect((await stat(`${json.out}/${file}`)).mode & 0o777).toBe(0o600);
  });

  test('overwrites nothing', async () => {
    const flags = await site();
    expect((await derive(flags, bundle, 'twice')).exitCode).toBe(0);
    const ended = await derive(flags, bundle, 'twice');
    expect(ended).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('the folder of --out is not empty'),
    });
  });

  test('of a bundle that was changed after signing writes nothing', async () => {
    const bytes = await readFile(job.path(bundle));
    const at = bytes.lastIndexOf('imageSwapInitImage');
    bytes.write('X', at);
    await job.write('changed.tar', bytes);
    expect((await derive(await site(), 'changed.tar', 'none')).exitCode).toBe(5);
    await expect(stat(job.path('none'))).rejects.toThrow('ENOENT');
  });

  test.each([
    [['--key', 'bundle.pub'], /--site is missing/],
    [['--site', 'none.yaml', '--key', 'bundle.pub'], /the site file is not there/],
    [['--site', 'site.yaml'], /no public key was given/],
  ])('with %j says what is missing', async (flags, error) => {
    await site();
    const ended = await derive(flags);
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(error) });
  });
});

async function recordsOf(place: string): Promise<Record<string, unknown>[]> {
  const folder = job.path('state/airgap-bundle');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')));
  return texts.map((text) => JSON.parse(text)).filter((one) => one.target === place);
}
