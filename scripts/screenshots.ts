/**
 * Writes docs/images/terminal-*.svg: the program in a terminal of 80 columns, against real registries that answer to
 * the names of the documentation. `node scripts/run-ts.mjs scripts/screenshots.ts`, after a build.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startForwardProxy } from '../test/helpers/forward-proxy.ts';
import { pushImage } from '../test/helpers/images.ts';
import { type Job, startKeyedJob } from '../test/helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../test/helpers/proxy.ts';
import { startRegistry } from '../test/helpers/registry.ts';
import { type InTerminal, linesOf } from '../test/helpers/terminal.ts';
import { svgOf } from './screen-svg.ts';

const target = 'harbor.example.org';
const source = 'registry.example';
const folder = join(import.meta.dirname, '../docs/images');
const MiB = 1024 ** 2;

/** Sizes in MiB; the first layer is shared. */
const images: Readonly<Record<string, number>> = {
  'docker.io/library/nginx:1.27': 24,
  'docker.io/library/redis:7.4': 14,
  'quay.io/jetstack/cert-manager-controller:v1.19.0': 18,
  'registry.k8s.io/ingress-nginx/controller:v1.12.1': 40,
  'ghcr.io/dexidp/dex:v2.44.0': 30,
};
const registries = ['docker.io', 'quay.io', 'registry.k8s.io', 'ghcr.io', 'gcr.io'];

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [from, to, proxy] = [
    await startRegistry(),
    await startRegistry(),
    await startForwardProxy(),
  ];
  const front = await startFrontProxy(to.host);
  const job = await startKeyedJob({ HTTP_PROXY: proxy.url, http_proxy: proxy.url });
  proxy.lead(source, from.host);
  proxy.lead(target, front.host);
  try {
    await fill(from.host);
    await pushImage(from.host, 'docker.io/valkey/valkey', '8');
    await shootPlan(job);
    await shootProgress(job, front);
    await shootError(job, front);
  } finally {
    await job.remove();
    await Promise.all([front.stop(), from.stop(), to.stop(), proxy.stop()]);
  }
}

async function fill(host: string): Promise<void> {
  const shared = Buffer.alloc(6 * MiB, 'a base layer ');
  for (const [name, size] of Object.entries(images)) {
    const at = name.lastIndexOf(':');
    const layers = [shared, Buffer.alloc(size * MiB, `${name} `)];
    const platforms = ['linux/amd64', 'linux/arm64'];
    await pushImage(host, name.slice(0, at), name.slice(at + 1), {
      layers,
      platforms,
      opaque: true,
    });
  }
}

function bundle(job: Job, more: readonly string[] = []): Promise<void> {
  const names = Object.keys(images).map((name) => name.replace('docker.io/library/', ''));
  const map = registries.slice(0, 4).map((name) => `${name}::${target}/airgap/${name}`);
  const all = [...map, 'default::', `noswap_wildcards::${target}`];
  return job.bundle(target, {
    name: 'platform',
    version: '1.4.0',
    images: [...names, ...more],
    imageSwap: {
      chart: './image-swap-1.5.3.tgz',
      initImage: 'nginx:1.27',
      image: 'nginx:1.27',
    },
    ociImageRegistry: {
      endpoint: target,
      name: 'private',
      baseContentPath: 'airgap',
      insecureSkipVerify: false,
      mirrorRegistries: all.join(','),
    },
    registries: {
      ...Object.fromEntries(registries.map((name) => [name, { mirror: `${source}/${name}` }])),
      [source]: { plainHttp: true },
      [target]: { plainHttp: true },
    },
  });
}

async function shootPlan(job: Job): Promise<void> {
  await bundle(job, ['quay.io/jetstack/cert-manager-webhok:v1.19.0']);
  const terminal = job.inTerminal({}, 'plan', '-f', 'bundle.yaml');
  await terminal.exitCode;
  await shoot('plan', 'airgap-bundle plan -f bundle.yaml', terminal);
}

async function shootProgress(job: Job, front: FrontProxy): Promise<void> {
  await bundle(job);
  await rm(job.path('.airgap-bundle'), { recursive: true });
  front.rules.push(({ method }) => (method === 'PUT' ? { sentAt: 6 * MiB } : undefined));
  const terminal = job.inTerminal({}, 'mirror', '-f', 'bundle.yaml');
  const line = 'airgap-bundle mirror -f bundle.yaml';
  await terminal.until(
    (lines) => lines.filter((one) => one.includes('#')).length >= 3 && hasRate(lines),
  );
  await shoot('progress', line, terminal);
  await terminal.exitCode;
  await shoot('done', line, terminal);
  front.rules.length = 0;
}

function hasRate(lines: readonly string[]): boolean {
  return lines.some((line) => / [3-9]\d %, .* left, [1-9] of \d images/.test(line));
}

/** As Harbor answers whoever may not push into a project. */
async function shootError(job: Job, front: FrontProxy): Promise<void> {
  const errors = [{ code: 'DENIED', message: 'requested access to the resource is denied' }];
  const body = JSON.stringify({ errors });
  const headers = { 'content-type': 'application/json' };
  front.rules.push(({ method, path }) =>
    method === 'POST' && path.includes('/valkey/') ? { status: 403, headers, body } : undefined,
  );
  await bundle(job, ['valkey/valkey:8']);
  await rm(job.path('.airgap-bundle'), { recursive: true });
  const terminal = job.inTerminal({}, 'mirror', '-f', 'bundle.yaml');
  await terminal.exitCode;
  await shoot('error', 'airgap-bundle mirror -f bundle.yaml', terminal);
}

async function shoot(name: string, line: string, terminal: InTerminal): Promise<void> {
  await terminal.lines();
  const path = join(folder, `terminal-${name}.svg`);
  await writeFile(path, svgOf(terminal.emulator, line));
  console.log(`${path}\n${linesOf(terminal.emulator).join('\n')}\n`);
}

await main();
