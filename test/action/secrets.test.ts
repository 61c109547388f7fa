import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { key, password, useSetting } from './setting.ts';
import { stopped } from './stopped.ts';

const on = useSetting();

describe('secrets', () => {
  const forms = [password, `ops:${password}`, key.trimEnd()].flatMap((secret) => [
    ...secret.split('\n'),
    Buffer.from(secret).toString('base64'),
    encodeURIComponent(secret),
  ]);

  test('a wrong password is told without it, and every form of a secret is masked', async () => {
    const given = { command: 'mirror', 'push-username': 'ops', 'push-password': `${password}!` };
    const ended = await on.step.run(on.inputs(on.locked.host, given));
    expect(ended.exitCode, ended.log).toBe(7);
    const masks = ended.commands.filter(({ name }) => name === 'add-mask').map(({ text }) => text);
    const pair = Buffer.from(`ops:${password}!`).toString('base64');
    for (const form of [`${password}!`, pair, ...key.trimEnd().split('\n')]) {
      expect(masks).toContain(form);
    }
    const report = await readFile(ended.outputs['report-path'] ?? '', 'utf8');
    const written = [ended.shown, ended.summary, report, JSON.stringify(ended.outputs)].join('\n');
    for (const form of [...forms, pair]) expect(written).not.toContain(form);
    expect(ended.commands.find(({ name }) => name === 'error')?.text).toMatch(
      /401|refused|login|credential/,
    );
    expect((await on.step.left()).join('\n')).not.toMatch(/key|password|config/);
  });

  test('a password without a user name is refused before any registry is asked', async () => {
    const before = on.locked.requests().length;
    const given = { command: 'mirror', 'push-password': password };
    const ended = await on.step.run(on.inputs(on.locked.host, given));
    expect(ended.exitCode, ended.log).toBe(2);
    const errors = ended.commands.filter(({ name }) => name === 'error');
    expect(errors[0]?.text).toContain('a push password is given, but no user name');
    expect(on.locked.requests()).toHaveLength(before);
  });

  test('that lie in files are masked, an encrypted key opened', async () => {
    const file = join(on.step.workspace, 'bundle.key');
    const options = ['-algorithm', 'ed25519', '-aes256', '-pass', 'pass:open sesame', '-out', file];
    execFileSync('openssl', ['genpkey', ...options]);
    const ended = await on.step.run(
      on.inputs(on.target.host, {
        'signing-key': '',
        'signing-key-file': 'bundle.key',
        'signing-key-passphrase': 'open sesame',
      }),
    );
    expect(ended.exitCode, ended.log).toBe(0);
    const masks = ended.commands.filter(({ name }) => name === 'add-mask').map(({ text }) => text);
    expect(masks).toEqual(expect.arrayContaining(readFileSync(file, 'utf8').trim().split('\n')));
    expect(masks).toContain('open sesame');
  });

  test('reach the target, and no child process by its environment or arguments', async () => {
    const { children, ended } = await stopped(on, 'SIGTERM', on.locked.host, {
      'push-username': 'ops',
      'push-password': password,
    });
    expect(ended.exitCode, ended.log).toBe(143);
    expect(children.length).toBeGreaterThan(0);
    for (const { environ, cmdline } of children) {
      for (const form of forms) expect(environ + cmdline).not.toContain(form);
      expect(environ).not.toContain('INPUT_');
    }
  });
});

describe('a cancelled step', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends its children, removes its secrets and says so', async (signal, code) => {
    const { children, ended, key: keyFile } = await stopped(on, signal, on.target.host);
    expect(ended.exitCode, ended.log).toBe(code);
    expect(keyFile).toEqual({ mode: 0o600, folder: 0o700 });
    expect(children.filter(({ pid }) => existsSync(`/proc/${pid}/exe`))).toEqual([]);
    expect(await on.step.left()).toEqual([]);
    const errors = ended.commands.filter(({ name }) => name === 'error');
    const [text, ...others] = errors.map((error) => error.text.split('\n'));
    expect(text).toEqual([
      `interrupted by ${signal}: run again to go on`,
      expect.stringMatching(/^ {2}done: .+ of 2.0 MiB, \d+ %, 0 of 1 image$/),
    ]);
    expect(others).toEqual([]);
  });

  test('that was killed is cleaned up by the post step', async () => {
    const { ended } = await stopped(on, 'SIGKILL', on.target.host);
    expect(ended.exitCode).toBe(null);
    const folder = ended.state['private-folder'] ?? '';
    expect(readdirSync(folder)).toContain('signing.key');
    const post = await on.step.run({}, { 'STATE_is-post': 'true', 'STATE_private-folder': folder });
    expect(post).toMatchObject({ exitCode: 0, log: '' });
    expect(await on.step.left()).toEqual([]);
  });

  test('that failed before it began is not begun again by the post step', async () => {
    const nowhere = { RUNNER_TEMP: join(on.step.temporary, 'nowhere') };
    const { exitCode, state } = await on.step.run(on.inputs(on.target.host), nowhere);
    expect(exitCode).toBe(10);
    expect(state).toEqual({ 'is-post': 'true' });
    const post = await on.step.run({}, { ...nowhere, 'STATE_is-post': 'true' });
    expect(post).toMatchObject({ exitCode: 0, log: '' });
  });
});
