import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, reached, startKeyedJob } from '../helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

let source: TestRegistry;
let target: TestRegistry;
let front: FrontProxy;
let job: Job;

beforeAll(async () => {
  [source, target, job] = await Promise.all([startRegistry(), startRegistry(), startKeyedJob()]);
  // So that requests that are sent at a time are seen at a time.
  front = await startFrontProxy(target.host, [() => sleep(20).then(() => undefined)]);
  const names = Array.from({ length: 8 }, (_, index) => `i${index}`);
  for (const name of names) {
    await pushImage(source.host, `quay.io/a/${name}`, '1', { layers: [name, `${name} more`] });
  }
  await job.bundle(front.host, {
    images: names.map((name) => `quay.io/a/${name}:1`),
    registries: reached(source.host, front.host),
  });
  await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
});
afterAll(() => Promise.all([source.stop(), target.stop(), front.stop(), job.remove()]));

const load = ['load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub'];

describe('load --max-concurrent', () => {
  test('is how many requests the target sees at a time', async () => {
    await job.done(...load, '--max-concurrent', '2');
    expect(front.mostAtOnce()).toBeLessThanOrEqual(2);
    front.clear();
    // The same placements, without the bound.
    await job.done(...load);
    expect(front.mostAtOnce()).toBeGreaterThan(2);
  });

  test.each(['0', '1.5', 'many', ''])('is refused as %j, and nothing is asked', async (most) => {
    front.clear();
    const { exitCode, stderr } = await job.run(...load, '--max-concurrent', most);
    expect({ exitCode, requests: front.requests.length }).toEqual({ exitCode: 2, requests: 0 });
    expect(stderr).toContain('--max-concurrent is no number of requests');
  });
});
