import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { followPage, root } from './page.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'airgap-tutorial-'));
});
afterAll(() => rm(home, { recursive: true }));

test('the tutorial leads to an installed bundle, word for word', { timeout: 600_000 }, () =>
  followPage('docs/tutorial.md', {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: home },
  }),
);
