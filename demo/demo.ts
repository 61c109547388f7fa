/**
 * The main job on an embedded default: two real registries on loopback, sample images made by code.
 * `npm run demo` sets up what it needs. Everything lives in a temporary folder that is removed in the end.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { dump } from 'js-yaml';
import { startRegistry, type TestRegistry } from '../test/helpers/registry.ts';
import { toolPath } from '../test/helpers/tools.ts';
import { mirrors, pageMap, pushSamples, samples } from './samples.ts';

const program = join(import.meta.dirname, '../dist/bundle.js');
const stopping = new AbortController();
const leftovers: (() => Promise<void>)[] = [];

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-bundle-demo-'));
  leftovers.push(() => rm(folder, { recursive: true, force: true }));
  title('Two registries: one holds the sample images, the other is the private one');
  const source = await start();
  const target = await start();
  await pushSamples(source.host);
  await writeInputs(folder, source.host, target.host);
  const run = runner(folder, dirname(await toolPath('oras')));

  title('Connected side: plan, mirror, create');
  await run('keygen', '--out', 'bundle.key');
  await run('plan', '-f', 'bundle.yaml');
  await run('mirror', '-f', 'bundle.yaml');
  await run('create', '-f', 'bundle.yaml', '-o', 'out');

  title('Behind the gap: an empty registry of the same name; verify, load');
  const port = Number(target.host.split(':')[1]);
  await target.stop();
  const far = await start(port);
  const bundle = join('out', 'demo-1.0.0.tar');
  await run('verify', bundle, '--key', 'bundle.pub');
  await run('load', bundle, '--key', 'bundle.pub');

  title('Proof: what the cluster will ask for, asked of the registry');
  await prove(folder, far.host);
}

async function start(port?: number): Promise<TestRegistry> {
  stopping.signal.throwIfAborted();
  const registry = await startRegistry(port === undefined ? {} : { port });
  leftovers.unshift(() => registry.stop());
  return registry;
}

async function writeInputs(folder: string, source: string, target: string): Promise<void> {
  await mkdir(join(folder, 'state'));
  const bundle = {
    apiVersion: 'airgap-bundle/v1',
    name: 'demo',
    version: '1.0.0',
    ociImageRegistry: {
      endpoint: target,
      name: 'private',
      baseContentPath: 'airgap-images',
      insecureSkipVerify: false,
      mirrorRegistries: pageMap(target),
    },
    images: Object.keys(samples),
    registries: { ...mirrors(source), [target]: { plainHttp: true } },
    signing: { key: 'bundle.key' },
  };
  await writeFile(join(folder, 'bundle.yaml'), dump(bundle));
}

/** Runs the built program as a user would, in the demo's folder, with its output on this terminal. */
function runner(folder: string, tools: string) {
  return async (...argv: string[]): Promise<void> => {
    console.log(`\n$ airgap-bundle ${argv.join(' ')}`);
    await execa('node', [program, ...argv], {
      cwd: folder,
      env: { PATH: `${tools}:${process.env.PATH}`, XDG_STATE_HOME: join(folder, 'state') },
      stdio: ['ignore', 'inherit', 'inherit'],
      cancelSignal: stopping.signal,
    });
  };
}

interface Inspected {
  readonly inventory: {
    readonly images: readonly {
      readonly source: string;
      readonly digest: string;
      readonly placements: readonly { readonly reference: string }[];
    }[];
  };
}

/** Asks the registry itself, not our client: every placement must resolve to its image's digest. */
async function prove(folder: string, host: string): Promise<void> {
  const { stdout } = await execa(
    'node',
    [program, 'inspect', 'out/demo-1.0.0.tar', '--output', 'json'],
    { cwd: folder },
  );
  const { images } = (JSON.parse(stdout) as Inspected).inventory;
  const placements = images.flatMap(({ digest, placements: places }) =>
    places.map(({ reference }) => ({ reference, digest })),
  );
  for (const { reference, digest } of placements) {
    const found = await resolvedDigest(host, reference);
    console.log(`${found === digest ? 'ok  ' : 'FAIL'} ${reference} → ${found.slice(0, 19)}`);
    if (found !== digest) throw new Error(`${reference} should resolve to ${digest}`);
  }
  console.log(
    `\nall ${placements.length} placements of ${images.length} images resolve to the signed digest`,
  );
}

async function resolvedDigest(host: string, reference: string): Promise<string> {
  const [repository, tag] = reference.slice(host.length + 1).split(':');
  const accept = [
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ].join(', ');
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept },
  });
  return answer.headers.get('docker-content-digest') ?? `HTTP ${answer.status}`;
}

function title(text: string): void {
  stopping.signal.throwIfAborted();
  console.log(`\n── ${text}`);
}

async function cleanUp(): Promise<void> {
  for (const remove of leftovers.splice(0)) await remove();
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    process.exitCode = code;
    stopping.abort(signal);
  });
}

try {
  await main();
} catch (error) {
  // Ctrl-C reaches the running command too, and its end may be seen before our own signal.
  const signal = stopping.signal.reason ?? (error instanceof ExecaError && error.signal);
  console.error(signal ? `stopped by ${signal}` : error);
  process.exitCode ??= signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1;
} finally {
  await cleanUp();
}
