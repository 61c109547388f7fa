import { strict as assert } from 'node:assert';
import { rm } from 'node:fs/promises';
import { fillRegistry, use } from '../../test/e2e/limits.ts';
import { reached, startKeyedJob } from '../../test/helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../../test/helpers/proxy.ts';
import { startRegistry } from '../../test/helpers/registry.ts';
import { fault, isBlobGet, isManifestPut, isUploadPost, isUploadPut } from '../faults.ts';
import { type Case, type Size, survived, type Trial, type Verdict } from '../trial.ts';

const MiB = 1024 ** 2;
const limit = 256 * MiB;

/** Images, and bytes of the layer that they share. */
type Load = readonly [images: number, layer: number];

/** The full ones take minutes and 20 GiB of disk. */
const loads: Readonly<Record<Size, Readonly<Record<string, Load>>>> = {
  smoke: {},
  small: { '200 images': [200, 4_096], 'a layer of 300 MiB': [1, 300 * MiB] },
  full: { '2,000 images': [2_000, 4_096], 'a layer of 5 GiB': [1, 5 * 1024 * MiB] },
};

export const t34: Trial = {
  id: 'T34',
  title: 'thousands of images or a huge layer, faults on the way: our process within 256 MiB',
  star: false,
  cases: (size) =>
    Object.entries(loads[size]).map(
      ([name, load]): Case => ({ name, seconds: 3_600, run: () => within(load) }),
    ),
};

async function within([count, layer]: Load): Promise<Verdict> {
  const [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry(),
    startKeyedJob(),
  ]);
  const fronts = [await startFrontProxy(source.host), await startFrontProxy(target.host)] as const;
  const [from, into] = fronts;
  try {
    const images = await fillRegistry(source, count, layer);
    await job.bundle(into.host, { images, registries: reached(from.host, into.host) });
    const measured: Record<string, number> = {};
    for (const argv of [mirror, create, load]) {
      for (const front of fronts) disturb(front);
      if (argv === load) await rm(`${target.folder}/storage`, { recursive: true, force: true });
      const { memory } = await use(job, ...argv);
      measured[`MiB, ${argv[0]}`] = Math.round(memory / MiB);
      assert.ok(memory <= limit, `${argv[0]} took ${memory / MiB} MiB`);
    }
    return survived(measured);
  } finally {
    for (const front of fronts) await front.stop();
    await Promise.all([source.stop(), target.stop(), job.remove()]);
  }
}

const mirror = ['mirror'];
const create = ['create', '-o', 'out'];
const load = ['load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub'];

/** One fault of each kind. */
function disturb({ rules }: FrontProxy): void {
  const faults = [
    fault(isBlobGet, { cutAfter: 100 }),
    fault(isBlobGet, { status: 503 }),
    fault(isUploadPost, 'reset'),
    fault(isUploadPut, { isAckLost: true }),
    fault(isManifestPut, { status: 429, headers: { 'retry-after': '1' } }),
  ];
  rules.splice(0, rules.length, ...faults.map(({ rule }) => rule));
}
