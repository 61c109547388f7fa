import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Transient } from '../../src/registry/retry.ts';
import { AirgapError } from '../../src/report/error.ts';
import type { TransferResult } from '../../src/transfer/job.ts';
import { toolPath } from '../helpers/tools.ts';
import {
  pushSample,
  type Sample,
  type Setting,
  startSetting,
  startTarget,
  type Target,
  uploads,
} from './setting.ts';

/** Smaller ones are not oras's to copy. */
const mebibyte = 1024 * 1024;

let setting: Setting;
let target: Target;
let one: Sample;
let two: Sample;
beforeAll(async () => {
  setting = await startSetting();
  one = await setting.push('one', { layers: ['shared', Buffer.alloc(mebibyte + 1, 'one')] });
  two = await setting.push('two', { layers: ['shared', Buffer.alloc(mebibyte + 1, 'two')] });
});
afterAll(() => setting.stop());
beforeEach(async () => {
  target = await startTarget();
});
afterEach(() => target.stop());

const placements = (result: TransferResult) => result.images.flatMap((image) => image.placements);
const states = (result: TransferResult) => placements(result).map(({ state }) => state);
const errors = (result: TransferResult) =>
  placements(result).flatMap(({ error }) => (error ? [error] : []));
const digestAt = async (repository: string, tag: string) =>
  (await setting.client(target.host).headManifest(repository, tag))?.digest;

describe('oras itself', () => {
  async function script(name: string, lines: string): Promise<string> {
    const path = join(setting.folder, name);
    await writeFile(path, `#!/bin/sh\n${lines}\n`);
    await chmod(path, 0o755);
    return path;
  }

  test('that ends well without pushing is caught', async () => {
    const oras = await script('liar', 'exit 0');
    const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]), { oras });
    expect(errors(result)).toMatchObject([{ class: 'integrity' }]);
    expect(await digestAt('m/one', '1')).toBeUndefined();
  });

  const reset = `echo 'Error: read tcp: connection reset by peer' >&2; exit 1`;

  test('that fails for a reason that may pass is run again, once the target answers', async () => {
    const tries = join(setting.folder, 'tries');
    const real = `exec ${toolPath('oras')} "$@"`;
    const oras = await script(
      'flaky',
      `echo >> ${tries}; [ $(wc -l < ${tries}) -gt 2 ] && ${real}\n${reset}`,
    );
    const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]), { oras });
    expect(states(result)).toEqual(['copied']);
    expect(await readFile(tries, 'utf8')).toBe('\n\n\n');
    const ours = target.requests.filter(
      ({ method, path, headers }) =>
        headers['user-agent'] === 'airgap-bundle' &&
        method === 'HEAD' &&
        path === `/v2/m/one/manifests/${one.image.root.digest}`,
    );
    expect(ours.map(({ status }) => status)).toEqual([404, 404, 200]);
  });

  test('that always fails so has failed when the budget is spent', async () => {
    const oras = await script('broken', reset);
    const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]), { oras });
    expect(errors(result)).toMatchObject([{ class: 'transient' }]);
  });

  test('a target that answers nothing more has no more time than the copy had left', async () => {
    const oras = await script('broken-too', reset);
    const isHead = /\/manifests\/sha256:/;
    target.rules.push(({ method, path }) =>
      method === 'HEAD' && isHead.test(path) ? { status: 503 } : undefined,
    );
    const job = setting.job(target.host, [[one, 'm/one:1']], { retryBudgetMs: 3_600_000 });
    const result = await setting.run(job, { oras, retryBudgetMs: 1_000 });
    expect(errors(result)).toMatchObject([{ class: 'transient' }]);
  });

  test.each([
    ['that a registry has asked to slow down leaves fewer places', '429: too many requests', 8],
    ['that is refused leaves them all', '403: denied: no', 16],
  ])('%s', async (_, words, expected) => {
    const oras = await script(
      'slowed',
      `echo 'Error: unexpected status code ${words}' >&2; exit 1`,
    );
    const job = setting.job(target.host, [[one, 'm/one:1']]);
    await setting.run(job, { oras });
    const places = Array.from({ length: 17 }, () => job.target.places.tryEnter());
    expect(places.filter(Boolean)).toHaveLength(expected);
  });

  test('is not started while a host wants to be left alone', async () => {
    const starts = join(setting.folder, 'starts');
    const oras = await script('late', `echo >> ${starts}; exec ${toolPath('oras')} "$@"`);
    const job = setting.job(target.host, [[one, 'm/one:1']]);
    const failure = new AirgapError('transient', 'slower, please');
    // The first request of the transfer itself is of our own client, and learns of it as oras would.
    const limited = new Transient(failure, { retryAfter: 1_500, isLimit: true });
    target.rules.push(({ method, path }) => {
      if (method === 'PUT' && path.includes('/uploads/')) job.target.places.limited(limited);
      return undefined;
    });
    const running = setting.run(job, { oras });
    await expect.poll(() => job.target.places.isOpen, { interval: 5, timeout: 5_000 }).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await expect(readFile(starts)).rejects.toThrow('ENOENT');
    target.rules.length = 0;
    expect(states(await running)).toEqual(['copied']);
    expect(await readFile(starts, 'utf8')).toBe('\n');
  });

  test('that stands still is killed, and run again', async () => {
    const pids = join(setting.folder, 'still');
    const real = `exec ${toolPath('oras')} "$@"`;
    const oras = await script(
      'standing',
      `[ -e ${pids} ] && ${real}\necho $$ > ${pids}; exec sleep 60`,
    );
    const job = setting.job(target.host, [[one, 'm/one:1']]);
    expect(states(await setting.run(job, { oras, stallMs: 500 }))).toEqual(['copied']);
    const pid = Number(await readFile(pids, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('is ended by an abort, which ends the run', async () => {
    const pids = join(setting.folder, 'pids');
    const oras = await script('sleeper', `echo $$ >> ${pids}\nexec sleep 60`);
    const controller = new AbortController();
    const running = setting.run(
      setting.job(target.host, [
        [one, 'm/one:1'],
        [two, 'm/two:1'],
      ]),
      { oras, signal: controller.signal },
    );
    const ended = expect(running).rejects.toThrow('enough');
    await expect.poll(() => readFile(pids, 'utf8').catch(() => '')).not.toBe('');
    controller.abort(new Error('enough'));
    await ended;
    for (const pid of (await readFile(pids, 'utf8')).trim().split('\n'))
      expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    await rm(pids);
  });

  test('that does not listen to SIGTERM is killed', async () => {
    const pids = join(setting.folder, 'pids');
    const stubborn = `trap '' TERM\necho $$ >> ${pids}\nwhile :; do sleep 0.1; done`;
    const oras = await script('stubborn', stubborn);
    const controller = new AbortController();
    const job = setting.job(target.host, [[one, 'm/one:1']]);
    const ended = expect(setting.run(job, { oras, signal: controller.signal })).rejects.toThrow();
    await expect.poll(() => readFile(pids, 'utf8').catch(() => '')).not.toBe('');
    controller.abort();
    await ended;
    const pid = Number(await readFile(pids, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  }, 15_000);
});

test('an image whose only missing blob was sent to try the target was copied', async () => {
  await pushSample(target.registry.host, 'm/one', one.image);
  const [smallest = ''] = [...one.image.blobs]
    .toSorted(([, a], [, b]) => a.length - b.length)
    .map(([digest]) => digest);
  await fetch(`http://${target.registry.host}/v2/m/one/blobs/${smallest}`, { method: 'DELETE' });
  const result = await setting.run(setting.job(target.host, [[one, 'm/one:1']]));
  expect(states(result)).toEqual(['copied']);
  expect(uploads(target.requests)).toEqual({ [smallest]: 1 });
});

describe('secrets', () => {
  const password = `pass "$word" 'with' \\ and ü`;

  test('a password is in no argument of oras, and its file is private and removed', async () => {
    const guarded = await startTarget({ htpasswd: { username: 'pusher', password } });
    const log = join(setting.folder, 'argv.log');
    const oras = join(setting.folder, 'logging-oras');
    await writeFile(
      oras,
      `#!/bin/sh
for word; do case $word in
  *-registry-config=*) file=\${word#*=}; stat -c '%a %n' "$file" >> ${log}; cat "$file" >> ${log}.files;;
esac; printf '%s\\n' "$word" >> ${log}; done
env >> ${log}; stat -c 'mode %a' "$DOCKER_CONFIG" >> ${log}; ls -A "$DOCKER_CONFIG" >> ${log}
exec ${toolPath('oras')} "$@"
`,
    );
    await chmod(oras, 0o755);
    try {
      const credential = { username: 'pusher', password };
      const how = { oras, credential, env: { AIRGAP_BUNDLE_PUSH_PASSWORD: password } };
      const result = await setting.run(setting.job(guarded.host, [[one, 'm/one:1']], how), how);
      expect(states(result)).toEqual(['copied']);
      const seen = await readFile(log, 'utf8');
      const encoded = Buffer.from(`pusher:${password}`).toString('base64');
      expect(seen).toContain('--to-registry-config=');
      for (const secret of [password, encoded, 'PASSWORD']) expect(seen).not.toContain(secret);
      expect(seen.match(/^\d+ .*login-.*$/gm)?.every((line) => line.startsWith('600 '))).toBe(true);
      expect(seen).toMatch(/^mode 700$/m);
      expect(await readFile(`${log}.files`, 'utf8')).toContain(encoded);
      const files = [...seen.matchAll(/^600 (.*)$/gm)].map(([, path]) => path ?? '');
      expect(files).toHaveLength(2);
      for (const file of files) await expect(readFile(file)).rejects.toThrow('ENOENT');
    } finally {
      await guarded.stop();
    }
  });

  test('a wrong password is an authentication failure', async () => {
    const guarded = await startTarget({ htpasswd: { username: 'pusher', password } });
    try {
      const how = { credential: { username: 'pusher', password: 'guess' } };
      const result = await setting.run(setting.job(guarded.host, [[one, 'm/one:1']], how), how);
      expect(errors(result)).toMatchObject([{ class: 'authentication' }]);
    } finally {
      await guarded.stop();
    }
  });
});
