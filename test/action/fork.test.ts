import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSetting } from './setting.ts';

const on = useSetting();

const ours = { full_name: 'vendor/app' };
const theirs = { full_name: 'stranger/app' };

async function runFor(event: unknown, more: Record<string, string> = {}) {
  const path = join(on.step.temporary, '../event.json');
  await writeFile(path, typeof event === 'string' ? event : JSON.stringify(event));
  const env = { GITHUB_EVENT_PATH: path, GITHUB_EVENT_NAME: 'pull_request_target' };
  return on.step.run(on.inputs(on.target.host, more), env);
}

describe('what comes from a fork is not signed', () => {
  test.each<[string, unknown]>([
    ['a pull request', { repository: ours, pull_request: { head: { repo: theirs } } }],
    ['one whose fork is gone', { repository: ours, pull_request: { head: { repo: null } } }],
    ['a run after one', { repository: ours, workflow_run: { head_repository: theirs } }],
  ])('%s', async (_, event) => {
    const before = on.target.requests().length;
    const ended = await runFor(event);
    expect(ended.exitCode, ended.log).toBe(6);
    expect(ended.log).toContain('what comes from a fork is not signed');
    expect(ended.outputs['bundle-path']).toBeUndefined();
    expect(on.target.requests()).toHaveLength(before);
  });

  test('but it may be planned', async () => {
    const event = { repository: ours, pull_request: { head: { repo: theirs } } };
    expect((await runFor(event, { command: 'plan' })).exitCode).toBe(0);
  });
});

test.each<[string, unknown]>([
  ['a branch of our own', { repository: ours, pull_request: { head: { repo: ours } } }],
  ['a push', { repository: ours, ref: 'refs/heads/main' }],
  ['an event of another kind', 'no JSON'],
])('%s is signed', async (_, event) => {
  const ended = await runFor(event);
  expect(ended.exitCode, ended.log).toBe(0);
});
