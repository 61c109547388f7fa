import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mountDisk } from '../helpers/small-disk.ts';
import type { Shell } from './jump-host.ts';
import { bundleFor, cleanups, on } from './site.ts';

/** KiB. With the larger of these it gets as far as the chart. */
const sizes = [4, 8, 16, 24, 32, 40, 48, 64, 80, 100, 400];

test.each<Shell>(['dash', 'busybox sh', 'bash --posix', 'mksh'])(
  'a temporary folder that is full is a local file, not a damaged bundle: %s',
  async (shell) => {
    const bundle = await bundleFor('registry.example.org');
    const codes: number[] = [];
    for (const size of sizes) {
      const site = await on({ shell });
      const disk = await mountDisk(join(site.folder, 'tmp'), `size=${size}k`);
      cleanups.push(disk.unmount);
      const outcome = await site.install([...bundle.args, '--dry-run', '--skip', 'load']);
      codes.push(outcome.code);
      if (outcome.code === 0) continue;
      expect(outcome, outcome.stderr).toMatchObject({
        code: 10,
        stderr: expect.stringMatching(/\n {2}next: +free space there, or set TMPDIR/),
      });
      expect(await site.leftovers()).toEqual([]);
    }
    expect(codes.filter((code) => code === 10).length).toBeGreaterThan(3);
    expect(codes.at(-1)).toBe(0);
  },
);
