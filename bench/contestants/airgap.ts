import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { makeChart } from '../../test/helpers/chart.ts';
import { ownImages } from '../corpus.ts';
import type { Command } from '../measure.ts';
import { versionOf } from '../version.ts';
import { type Contestant, mapped, type Scene } from '../works.ts';

const program = join(import.meta.dirname, '../../dist/bundle.js');
const run = promisify(execFile);
const hosts = ['docker.io', 'quay.io', 'ghcr.io', 'gcr.io', 'registry.k8s.io'];
const file = 'out/bench-1.0.0.tar';

export const airgap: Contestant = {
  name: 'airgap-bundle',
  how: '`mirror`, `create`, `verify`, `load` of dist/bundle.js',
  version: () => versionOf('node', [program, '--version'], /(\S+)/),
  works: {
    mirror: (scene) => command(scene, 'mirror -f bundle.yaml --quiet'),
    'mirror again': (scene) => command(scene, 'mirror -f bundle.yaml --quiet'),
    'mirror changed': (scene) => command(scene, 'mirror -f bundle.yaml --quiet'),
    create: (scene) => command(scene, 'create -f bundle.yaml -o out --quiet'),
    'create again': (scene) => command(scene, 'create -f bundle.yaml -o out --quiet'),
    verify: (scene) => command(scene, `verify ${file} --key bundle.pub --quiet`),
    load: async (scene) => ({ ...(await load(scene)), partEnds: /^loading .* into /m }),
    'load again': async (scene) => ({ ...(await load(scene)), partEnds: /^loading .* into /m }),
    start: async () => ({ script: repeated(`node ${program} --version`) }),
  },
  placement: mapped,
  bundle: ({ folder }) => join(folder, file),
};

/** Ten times, since one is too short to measure. */
export const repeated = (line: string) => `for i in 1 2 3 4 5 6 7 8 9 10; do ${line}; done`;

/** Not quiet: what it says tells where verifying ends and loading begins. */
const load = (scene: Scene) => command(scene, `load ${file} --key bundle.pub`);

async function command(scene: Scene, words: string): Promise<Command> {
  await writeInputs(scene);
  return { script: `node ${program} ${words}` };
}

async function writeInputs(scene: Scene): Promise<void> {
  const { folder, source, target, state, jobs } = scene;
  const key = join(folder, 'bundle.key');
  const chart = join(folder, 'image-swap-1.5.3.tgz');
  if (!(await exists(chart))) await makeChart(folder, { spelling: 'nested', images: ownImages });
  if (!(await exists(key))) await run('node', [program, 'keygen', '--out', key]);
  const own: readonly string[] = Object.values(ownImages);
  const bundle = {
    apiVersion: 'airgap-bundle/v1',
    name: 'bench',
    version: '1.0.0',
    ociImageRegistry: {
      endpoint: target,
      name: 'private',
      baseContentPath: 'airgap-images',
      insecureSkipVerify: false,
      mirrorRegistries: hosts.map((host) => `${host}::${target}/airgap-images/${host}`).join(','),
    },
    imageSwap: { chart },
    images: jobs.map(({ name, tag }) => `${name}:${tag}`).filter((name) => !own.includes(name)),
    registries: {
      ...Object.fromEntries(hosts.map((host) => [host, { mirror: `${source}/${state}/${host}` }])),
      [source]: { plainHttp: true },
      [target]: { plainHttp: true },
    },
    signing: { key },
    // The others leave them too.
    referrers: false,
  };
  await writeFile(join(folder, 'bundle.yaml'), dump(bundle));
}

const exists = (path: string) =>
  readFile(path).then(
    () => true,
    () => false,
  );
