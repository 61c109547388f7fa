import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packChart } from '../../test/helpers/chart.ts';
import type { Ended, Outcome } from '../../test/helpers/job.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';
import { Desks } from './desk.ts';

const desks = new Desks({ 'docker.io/library/nginx:1': {} });
const preload = join(import.meta.dirname, '../../test/helpers/peak-memory.mjs');
const MiB = 2 ** 20;
const [mostSeconds, mostMemory] = [1, 150 * MiB];

export const limits: Trial = {
  id: 'T17',
  title: 'a map of 10,000 lines takes 1 s; what no cluster takes is refused when it is made',
  star: false,
  cases: () => {
    const refusals: Case[] = [
      { name: 'a Secret over 1 MiB', run: largeSecret },
      { name: 'a helm release over 1 MiB', run: largeRelease },
    ];
    const map = { name: 'a map of 10,000 lines, for 1,000 images', run: readLargeMap };
    return [...refusals, map];
  },
  close: desks.close,
};

async function readLargeMap(): Promise<Verdict> {
  const { job } = await desks.at();
  await job.write('map.txt', mapOf(10_000, '\n', 'h.example.org'));
  const names = Array.from({ length: 1_000 }, (_, at) => `r${10 * at}.example.com/a:1\n`);
  await job.write('images.txt', names.join(''));
  const result = job.path('tmp', 'memory');
  const env = { NODE_OPTIONS: `--import ${preload}`, PEAK_MEMORY_FILE: result };
  const argv = ['--mirror-map', 'map.txt', '--images-file', 'images.txt', '--output', 'json'];
  const began = performance.now();
  const ended = await job.runWith<{ webhook: { image: string } }[]>({ env }, 'resolve', ...argv);
  const seconds = (performance.now() - began) / 1000;
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.equal(ended.json.at(-1)?.webhook.image, 'h.example.org/m/registry-9990/a:1');
  const memory = Number(await readFile(result, 'utf8'));
  assert.ok(seconds <= mostSeconds, `${seconds} s`);
  assert.ok(memory <= mostMemory, `${memory / MiB} MiB`);
  return survived({ s: seconds, MiB: Math.round(memory / MiB) });
}

/** A registry a line, and the defaults that a chart would add. */
function mapOf(count: number, separator: string, host: string): string {
  const lines = Array.from({ length: count }, (_, at) => {
    return `r${at}.example.com::${host}/m/registry-${at}`;
  });
  return ['default::', `noswap_wildcards::${host}`, ...lines].join(separator);
}

async function largeSecret(): Promise<Verdict> {
  const fits = await create({ map: mapOf(5_000, ',', 'T') });
  assert.equal(fits.exitCode, 0, fits.stderr);
  const ended = await create({ map: mapOf(25_000, ',', 'T') });
  await checkRefused(ended, /the Secret registry-info would be larger than Kubernetes takes/);
  return refused();
}

async function largeRelease(): Promise<Verdict> {
  const { job } = await desks.at();
  const chart = (name: string, size: number) =>
    packChart(job.folder, name, {
      'large/Chart.yaml': 'apiVersion: v2\nname: large\nversion: 1.0.0\n',
      'large/values.yaml': 'ociImageRegistry: {endpoint: ""}\n',
      'large/README.md': randomBytes(size).toString('base64'),
    });
  await chart('small.tgz', 300_000);
  await chart('large.tgz', 700_000);
  const fits = await create({ imageSwap: { chart: './small.tgz' } });
  assert.equal(fits.exitCode, 0, fits.stderr);
  const ended = await create({ imageSwap: { chart: './large.tgz' } });
  await checkRefused(ended, /large\.tgz is larger than helm can install/);
  return refused();
}

let made = 0;
const create = (fields: object): Promise<Ended<Outcome>> =>
  desks.run({ images: ['nginx:1'], ...fields }, 'create', '-o', `out-${made++}`);

async function checkRefused({ exitCode, stderr }: Ended<Outcome>, says: RegExp): Promise<void> {
  assert.equal(exitCode, 2, stderr);
  assert.match(stderr, says);
  assert.match(stderr, /given: .*\n *expected: .*\n *next: /);
  const { job } = await desks.at();
  assert.deepEqual(await readdir(job.path(`out-${made - 1}`)).catch(() => []), []);
}
