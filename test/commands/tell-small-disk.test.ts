import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { tellSmallDisk } from '../../src/commands/tell-small-disk.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Event } from '../../src/report/events.ts';

const exbibyte = 1024 ** 6;

test.each([
  ['more than any disk has', exbibyte, 1],
  ['little', 1, 0],
])('a bundle that takes %s', async (_, size, warnings) => {
  const events: Event[] = [];
  const blobs = [{ digest: `sha256:${'a'.repeat(64)}` as Digest, size }];
  await tellSmallDisk({ blobs }, { cwd: tmpdir(), emit: (event) => events.push(event) });
  expect(events).toHaveLength(warnings);
  for (const event of events) {
    expect(event).toMatchObject({
      kind: 'warning',
      message: expect.stringContaining(`free in ${tmpdir()}`),
    });
  }
});
