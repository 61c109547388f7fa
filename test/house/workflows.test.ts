import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { toolPath } from '../helpers/tools.ts';

const folders = ['.github/workflows', 'examples/workflows'];
const workflows = folders.flatMap((folder) =>
  readdirSync(folder).map((name) => join(folder, name)),
);

interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
}

describe('workflows', () => {
  test('actionlint, and shellcheck in it, find nothing', async () => {
    const ended = await execa(
      toolPath('actionlint'),
      ['-shellcheck', toolPath('shellcheck'), ...workflows],
      { reject: false, all: true },
    );
    expect(ended.exitCode, ended.all).toBe(0);
  });

  test('zizmor finds nothing of medium severity or more, in them and in action.yml', async () => {
    const flags = ['--offline', '--persona', 'pedantic', '--min-severity', 'medium'];
    const config = ['--config', '.github/zizmor.yml'];
    const ended = await execa(
      toolPath('zizmor'),
      [...flags, ...config, '--no-progress', ...workflows, 'action.yml'],
      { reject: false, all: true },
    );
    expect(ended.exitCode, ended.all).toBe(0);
    expect(ended.all).toContain('completed action.yml');
  });

  test.each(workflows)(
    '%s pins the actions of others, and asks for no more than it needs',
    (path) => {
      const text = readFileSync(path, 'utf8');
      const used = [...text.matchAll(/^\s*uses: (.*)$/gm)].map(([, name = '']) => name);
      const pinned = /^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
      const ours = ['./', 'OWNER/airgap-bundle@v1'];
      expect(used.filter((name) => !pinned.test(name) && !ours.includes(name))).toEqual([]);
      const { permissions, concurrency } = load(text) as Workflow;
      expect(permissions).toEqual({ contents: 'read' });
      expect(concurrency).toBeDefined();
    },
  );
});
