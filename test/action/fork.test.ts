import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ForkEvent, fromForks, ours, theirs } from './fork-events.ts';
import { useSetting } from './setting.ts';

const on = useSetting();

/** @param name of the event, without which it cannot be told from others when it is unreadable */
async function runFor(
  event: unknown,
  name = 'pull_request_target',
  more: Record<string, string> = {},
) {
  const path = join(on.step.temporary, '../event.json');
  await rm(path, { force: true });
  if (event !== undefined)
    await writeFile(path, typeof event === 'string' ? event : JSON.stringify(event));
  const env = { GITHUB_EVENT_PATH: path, GITHUB_EVENT_NAME: name };
  return on.step.run(on.inputs(on.target.host, more), env);
}

describe('what comes from a fork is not signed', () => {
  test.each<ForkEvent>(fromForks)('%s', async (_, event, name) => {
    const before = on.target.requests().length;
    const ended = await runFor(event, name);
    expect(ended.exitCode, ended.log).toBe(6);
    expect(ended.log).toContain('what comes from a fork is not signed');
    expect(ended.outputs['bundle-path']).toBeUndefined();
    expect(on.target.requests()).toHaveLength(before);
  });

  test('but it may be planned', async () => {
    const event = { repository: ours, pull_request: { head: { repo: theirs } } };
    expect((await runFor(event, 'pull_request', { command: 'plan' })).exitCode).toBe(0);
  });
});

test.each<[string, unknown, string?]>([
  ['a branch of our own', { repository: ours, pull_request: { head: { repo: ours } } }],
  ['a push', { repository: ours, ref: 'refs/heads/main' }, 'push'],
  ['an event of another kind', 'no JSON', 'schedule'],
])('%s is signed', async (_, event, name) => {
  const ended = await runFor(event, name);
  expect(ended.exitCode, ended.log).toBe(0);
});
