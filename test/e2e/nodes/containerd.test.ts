import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodeChecks } from '../../../src/doctor/node/checks.ts';
import { parseMirrorMap } from '../../../src/mirror-map/parse.ts';
import { type Node, startNode } from '../../helpers/cri.ts';
import { pushImage } from '../../helpers/images.ts';
import { type Isolation, isolate } from '../../helpers/isolation.ts';
import { type Job, type OutcomeInventory, startKeyedJob } from '../../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../../helpers/registry.ts';
import { type Authority, makeAuthority, type ServerCertificate } from '../../helpers/tls.ts';
import { toolPath } from '../../helpers/tools.ts';
import { makeJumpHost } from '../../install/jump-host.ts';
import { startTokenService, type TokenService } from '../../registry/token-service.ts';
import { ways } from './ways.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const puller = { username: 'puller', password: `  pull: "$\\ 'canary{{ö}}` };
const platforms = ['linux/amd64', 'linux/arm64'];

let source: TestRegistry;
let target: TestRegistry;
let tls: ServerCertificate;
let tokens: TokenService;
let tokenHost: string;
let authority: Authority;
let job: Job;
let network: Isolation;
let folder: string;
let inventory: OutcomeInventory;
/** What install.sh wrote, with the login. */
let written: string;
/** The same without. */
let anonymous: string;

/** Repository in the source → the image's name; the last is asked for by its digest alone. */
const names = new Map([
  ['docker.io/library/nginx', 'docker.io/library/nginx:1'],
  ['docker.io/team/app', 'team/app:1'],
  ['quay.io/a/b', 'quay.io/a/b:1'],
  ['gcr.io/x/y', 'gcr.io/x/y:1'],
  ['k8s.gcr.io/pause', 'k8s.gcr.io/pause:3'],
  ['us-docker.pkg.dev/p/i', 'us-docker.pkg.dev/p/i:1'],
  ['r5000/z', 'r.example.org:5000/z:2'],
  ['docker.io/library/redis', 'redis'],
]);

beforeAll(async () => {
  authority = await makeAuthority();
  tls = await authority.issue(['IP:127.0.0.1']);
  [source, target, tokens, job, folder] = await Promise.all([
    startRegistry(),
    startRegistry({ tls, htpasswd: puller }),
    startTokenService(puller),
    startKeyedJob(),
    mkdtemp(join(tmpdir(), 'airgap-nodes-')),
  ]);
  tokenHost = /127[.:\d]+/.exec(tokens.challenge)?.[0] ?? '';
  network = await isolate(folder, [target.host, tokenHost]);
  await job.write('ca.pem', authority.pem);
  await job.write('password', `${puller.password}\n`);
  await create(await pushAll());
  written = await writeNodes('written', '--username', puller.username, ...passwordFile());
  anonymous = await writeNodes('anonymous');
});
afterAll(async () => {
  await network?.stop();
  await Promise.all([
    source?.stop(),
    target?.stop(),
    tokens?.stop(),
    job?.remove(),
    authority?.remove(),
  ]);
  if (folder) await rm(folder, { recursive: true, force: true });
});

let node: Node | undefined;
afterEach(async () => {
  await node?.stop();
  node = undefined;
});

async function pushAll(): Promise<string[]> {
  const images: string[] = [];
  for (const [repository, name] of names) {
    const tag = /:(\d)$/.exec(name)?.[1];
    const { digest } = await pushImage(source.host, repository, tag ?? 'x', { platforms });
    images.push(tag ? name : `${name}@${digest}`);
  }
  return images;
}

async function create(images: string[]): Promise<void> {
  const at = (path: string) => `${target.host}/air/gap${path}`;
  const mirrors = ['docker.io', 'quay.io', 'gcr.io', 'k8s.gcr.io', 'us-docker.pkg.dev'];
  await job.bundle(target.host, {
    environment: 'non-airgap',
    images,
    ociImageRegistry: {
      endpoint: target.host,
      name: 'private',
      baseContentPath: 'air/gap',
      insecureSkipVerify: false,
      caCert: './ca.pem',
      mirrorRegistries: [
        `docker.io::${at('/docker.io')}`,
        `quay.io::${at('/quay.io')}`,
        `gcr.io::${at('/gcr.io')}`,
        `k8s.gcr.io::${at('/gcr.io')}`,
        `us-docker.pkg.dev::${at('')}`,
        `r.example.org:5000::${at('/r')}`,
      ],
    },
    registries: {
      ...Object.fromEntries(mirrors.map((name) => [name, { mirror: `${source.host}/${name}` }])),
      'r.example.org:5000': { mirror: `${source.host}/r5000` },
      [source.host]: { plainHttp: true },
    },
  });
  ({ inventory } = await job.done('create', '-o', 'out'));
  const push = ['--push-username', puller.username, '--push-password-file', job.path('password')];
  await job.done('load', tar, '--key', 'bundle.pub', ...push);
}

const tar = 'out/sample-1.0.0.tar';
const passwordFile = () => ['--password-file', job.path('password')];

async function writeNodes(name: string, ...flags: string[]): Promise<string> {
  const host = await makeJumpHost();
  const out = join(folder, name);
  const args = [job.path(tar), '--key', job.path('bundle.pub'), '--write-nodes', out, ...flags];
  const ended = await host.install(args);
  await host.remove();
  expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
  return out;
}

/** The folder with a file of it changed. */
async function changed(name: string, change: (text: string) => string): Promise<string> {
  const copy = await mkdtemp(join(folder, 'changed-'));
  await cp(written, copy, { recursive: true });
  const files = (await readdir(copy, { recursive: true })).filter((path) => path.endsWith(name));
  for (const file of files) {
    const text = await readFile(join(copy, file), 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(join(copy, file), change(text));
  }
  return copy;
}

async function start(containerd: string, config: string, etc = written): Promise<Node> {
  node = await startNode({ containerd, etc, config, prefix: network.prefix });
  return node;
}

/** As containerd asks: a digest wins over a tag. */
const askedFor = () =>
  inventory.images.flatMap(({ digest, placements }) =>
    placements
      .filter(({ askedForBy }) => askedForBy !== 'webhook')
      .map(({ reference }) => {
        const [repository, tag = ''] = reference.slice(target.host.length + 1).split(':');
        return `/v2/${repository}/manifests/${tag.startsWith('airgap-') ? digest : tag}`;
      }),
  );

/** By check, what `doctor` says of such a node. */
async function doctorSays(etc: string, config: string): Promise<Record<string, string>> {
  const checks = await nodeChecks(join(etc, config), {
    entries: parseMirrorMap(inventory.target.mirrorMap).entries,
    endpoint: target.host,
    plainHttp: false,
    insecureSkipVerify: false,
    caCert: authority.pem,
    login: true,
  });
  return Object.fromEntries(checks.map(({ check, status }) => [check, status]));
}

const contacts = async () => [...(await network.contacts()).keys()];
const paths = (from: number) => target.requests().slice(from);

describe.each(ways)('%s by %s', (program, _, config) => {
  test('pulls every image by its own name, where the plan has placed it, and asks nobody else', async () => {
    const runtime = await start(toolPath(program), config);
    const before = target.requests().length;
    const pulled = await runtime.pull(...inventory.images.map(({ source: name }) => name));
    for (const { source: name, digest } of inventory.images)
      expect(pulled[name], name).toMatch(new RegExp(`@${digest}$`));
    const heads = paths(before).filter(({ method }) => method === 'HEAD');
    const asked = heads.map(({ path }) => path.replace(/\?.*/, ''));
    expect([...new Set(asked)].sort()).toEqual(askedFor().sort());
    expect(await contacts()).toEqual([target.host]);
    const fine = { 'node-endpoints': 'ok', 'node-trust': 'ok', 'node-credential': 'ok' };
    expect(await doctorSays(written, config)).toEqual({ 'node-config': 'ok', ...fine });
  });

  test('is refused by the registry without the login', async () => {
    expect(await doctorSays(anonymous, config)).toMatchObject({ 'node-credential': 'failure' });
    const runtime = await start(toolPath(program), config, anonymous);
    const before = target.requests().length;
    const pulled = await runtime.pull('quay.io/a/b:1');
    expect(pulled['quay.io/a/b:1']).toMatch(/^error: .*(401|authorization failed|no basic auth)/);
    expect(new Set(paths(before).map(({ status }) => status))).toEqual(new Set([401]));
    const others = (await contacts()).filter((host) => host !== target.host);
    // By mirrors containerd then asks the internet, for whose address it wants a name server.
    if (config === 'config.toml') expect(others.some((host) => host.endsWith(':53'))).toBe(true);
    else expect(others).toEqual([]);
  });

  test('finds nothing at an address without /v2/', async () => {
    const named = config === 'config.toml' ? config : 'hosts.toml';
    const etc = await changed(named, (text) => text.replaceAll('/v2/', '/'));
    const runtime = await start(toolPath(program), config, etc);
    const before = target.requests().length;
    const pulled = await runtime.pull('quay.io/a/b:1');
    expect(pulled['quay.io/a/b:1']).toMatch(/^error: /);
    expect(paths(before)[0]).toEqual({
      method: 'HEAD',
      path: '/air/gap/quay.io/a/b/manifests/1?ns=quay.io',
      status: 404,
    });
  });
});

test('containerd-2 takes the same lines in a file of version 4', async () => {
  const newer = (text: string) => text.replace('version = 3', 'version = 4');
  const etc = await changed('config-path-v3.toml', newer);
  const runtime = await start(toolPath('containerd-2'), 'config-path-v3.toml', etc);
  expect((await runtime.pull('gcr.io/x/y:1'))['gcr.io/x/y:1']).toMatch(/@sha256:/);
});

describe('where a token service checks the login', () => {
  beforeAll(async () => {
    await target.stop({ keep: true });
    const { folder: storage, host } = target;
    const port = Number(host.split(':')[1]);
    target = await startRegistry({ tls, port, folder: storage, env: tokens.registryEnv });
  });

  test.each(ways)('%s pulls by %s', async (program, _, config) => {
    const runtime = await start(toolPath(program), config);
    const pulled = await runtime.pull('quay.io/a/b:1');
    expect(pulled['quay.io/a/b:1']).toMatch(/@sha256:/);
    expect((await contacts()).sort()).toEqual([target.host, tokenHost].sort());
  });
});

test.each([
  ['containerd', 'config-path-v2.toml', 'io.containerd.grpc.v1.cri'],
  ['containerd-1.7', 'config-path-v2.toml', 'io.containerd.grpc.v1.cri'],
  ['containerd-2', 'config-path-v3.toml', 'io.containerd.cri.v1.images'],
])('%s does not start CRI with mirrors and config_path', async (program, config, plugin) => {
  const mirror = `[plugins."${plugin}".registry.mirrors."quay.io"]\nendpoint = ["https://quay.io"]\n`;
  const etc = await changed(config, (text) => `${text}\n${mirror}`);
  const runtime = await start(toolPath(program), config, etc);
  await expect(runtime.pull()).rejects.toThrow(
    '`mirrors` cannot be set when `config_path` is provided',
  );
});
