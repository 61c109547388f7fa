import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../../src/report/events.ts';
import { layoutTar, type Sample, type Setting, startSetting, startTarget } from './setting.ts';

const MiB = 1024 ** 2;

describe('progress of a copy by oras', () => {
  let setting: Setting;
  let sample: Sample;
  let total: number;

  beforeAll(async () => {
    setting = await startSetting();
    const layers = Array.from({ length: 5 }, () => randomBytes(10 * MiB));
    sample = await setting.push('one', { layers, opaque: true });
    total = [...sample.image.blobs.values()].reduce((sum, { length }) => sum + length, 0);
  });
  afterAll(() => setting.stop());

  const isUpload = ({ method, path }: { method: string; path: string }) =>
    method === 'PUT' && path.includes('/blobs/uploads/');

  function bytesTold(events: readonly Event[]) {
    return events.filter((event) => event.kind === 'bytes');
  }

  test.each(['registries', 'layout'] as const)('grows while it runs, from %s', async (kind) => {
    const target = await startTarget();
    target.rules.push((request) => (isUpload(request) ? { sentAt: 3 * MiB } : undefined));
    const origin = kind === 'layout' ? await layoutTar(setting.folder, [sample]) : undefined;
    try {
      const job = setting.job(target.host, [[sample, 'm/one:1']], origin && { origin });
      await setting.run(job);
      const told = bytesTold(setting.events);
      // Once a second for two seconds and more; what is on its way is no sum of layers of ten MiB.
      const between = told.filter(({ done }) => done > MiB && done % (10 * MiB) > MiB / 2);
      expect(new Set(between.map(({ done }) => done)).size).toBeGreaterThan(1);
      expectHonest(told);
      expect(told.at(-1)).toMatchObject({ done: total, images: { done: 1, total: 1 } });
    } finally {
      await origin?.close();
      await target.stop();
    }
  });

  test('a copy that is made again counts once', async () => {
    const target = await startTarget();
    let drops = 0;
    target.rules.push((request) => {
      if (!isUpload(request) || Number(request.headers['content-length']) < MiB) return undefined;
      const isThird = target.requests.filter(isUpload).length > 4;
      if (isThird && drops++ < 1) return { status: 503 };
      return { sentAt: 8 * MiB };
    });
    try {
      await setting.run(setting.job(target.host, [[sample, 'm/one:1']]));
      expect(drops).toBeGreaterThan(0);
      const told = bytesTold(setting.events);
      expectHonest(told);
      expect(told.at(-1)).toMatchObject({ done: total });
    } finally {
      await target.stop();
    }
  });

  function expectHonest(told: ReturnType<typeof bytesTold>): void {
    expect(new Set(told.map((event) => event.total))).toEqual(new Set([total]));
    const figures = told.map(({ done }) => done);
    expect(figures).toEqual([...figures].sort((a, b) => a - b));
    expect(Math.max(...figures)).toBe(total);
  }
});
