import { spawnSync } from 'node:child_process';
import pMap from 'p-map';
import { dockerIndex, dockerManifest, ociIndex, ociManifest } from '../src/oci/media-types.ts';
import type { Contestant, Job, Scene, Work } from './works.ts';

/** Whether the contestant did the work; asked of the registry or of the file itself, after the clock stopped. */
export async function checkDone(
  work: Work,
  contestant: Contestant,
  scene: Scene,
  registryHost: string,
): Promise<void> {
  if (/^(mirror|load)/.test(work)) await checkPlaced(contestant, scene.jobs, registryHost);
  if (work.startsWith('create')) checkCarried(contestant.bundle(scene), scene.jobs);
}

/** The registry takes no manifest whose children or blobs it has not, so the root's digest says it all. */
async function checkPlaced(
  contestant: Contestant,
  jobs: readonly Job[],
  host: string,
): Promise<void> {
  const accept = [ociIndex, ociManifest, dockerIndex, dockerManifest].join(', ');
  const check = async (job: Job) => {
    const place = contestant.placement(job);
    const [, repository, reference] = /^(.*?)[:@](.*)$/.exec(place) ?? [];
    const url = `http://${host}/v2/${repository}/manifests/${reference}`;
    const answer = await fetch(url, { method: 'HEAD', headers: { accept } });
    const found = answer.headers.get('docker-content-digest') ?? `HTTP ${answer.status}`;
    if (found !== job.root.digest)
      throw new Error(`${contestant.name}: ${place} is ${found}, not ${job.root.digest}`);
  };
  await pMap(jobs, check, { concurrency: 8 });
}

/** Every layer has an entry with its digest in the name: so it is in all formats but compressed ones. */
function checkCarried(file: string, jobs: readonly Job[]): void {
  const { stdout, status } = spawnSync('tar', ['-tf', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${file} is no tar`);
  if (file.endsWith('.zst')) return;
  const names = new Set(stdout.match(/[0-9a-f]{64}/g));
  const layers = jobs
    .flatMap(({ blobs }) => blobs)
    .filter(({ mediaType }) => /layer/.test(mediaType));
  const absent = layers.filter(({ digest }) => !names.has(digest.slice(7)));
  if (absent.length > 0) throw new Error(`${file} lacks ${absent.length} layers`);
}
