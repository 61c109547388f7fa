import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestAt, requestsOf } from '../helpers/ask.ts';
import { pushImage } from '../helpers/images.ts';
import { bundleYaml, type Job, reached, section, startJob, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

const images = ['nginx:1', 'quay.io/a/b:1'];
const tar = 'out/sample-1.0.0.tar';

let source: TestRegistry;
let target: TestRegistry;
let job: Job;
/** Another folder with the same bundle.yaml, chart and key. */
let other: Job;

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  await pushNginx('as it was');
  await pushImage(source.host, 'quay.io/a/b', '1', { platforms: ['linux/amd64', 'linux/arm64'] });
  [job, other] = await Promise.all([startKeyedJob(), startJob()]);
  for (const name of ['image-swap-1.5.3.tgz', 'bundle.key'])
    await other.write(name, await readFile(job.path(name)));
  for (const one of [job, other]) await one.bundle(target.host, fields());
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove(), other.remove()]);
});

const fields = () => ({ images, registries: reached(source.host, target.host) });
const pushNginx = (content: string) =>
  pushImage(source.host, 'docker.io/library/nginx', '1', { layers: [content] });
const create = ['create', '-f', 'bundle.yaml', '-o', 'out', '--output', 'json'];
const epoch = { SOURCE_DATE_EPOCH: '1790000000' };
const surroundings = {
  prefix: ['sh', '-c', 'umask 077; exec "$@"', 'sh'],
  env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8' },
};

describe('the same plan gives the same bytes', () => {
  test('at a fixed time, whatever folder, time zone, locale and umask', async () => {
    const first = await job.runWith({ env: epoch }, ...create);
    const again = await other.runWith(
      { ...surroundings, env: { ...surroundings.env, ...epoch } },
      ...create,
    );
    expect([first.exitCode, again.exitCode]).toEqual([0, 0]);
    expect(again.json.sha256).toBe(first.json.sha256);
    expect((await readFile(other.path(tar))).equals(await readFile(job.path(tar)))).toBe(true);
    expect(await readFile(job.path(`${tar}.sha256`), 'utf8')).toBe(
      `${first.json.sha256}  sample-1.0.0.tar\n`,
    );
    expect((await stat(other.path('out/install.sh'))).mode & 0o700).toBe(0o700);
  });

  test('from a saved plan, on another day', async () => {
    await job.done('plan', '-f', 'bundle.yaml', '-o', 'plan.json');
    await other.write('plan.json', await readFile(job.path('plan.json')));
    const first = await job.done('create', '--plan', 'plan.json', '-f', 'bundle.yaml', '-o', 'a');
    const later = { ...surroundings, env: { ...surroundings.env, ...epoch } };
    const again = await other.runWith(later, ...create, '--plan', 'plan.json');
    expect(again.stderr).not.toContain('error');
    expect(again.json.sha256).toBe(first.sha256);
    expect(again.json.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('but another time gives others', async () => {
    const [first, second] = [
      await job.runWith({ env: epoch }, ...create),
      await job.runWith({ env: { SOURCE_DATE_EPOCH: '1790000001' } }, ...create),
    ];
    expect(second.json.sha256).not.toBe(first.json.sha256);
  });
});

describe('a saved plan', () => {
  test('fixes the digests: a tag that moves meanwhile changes nothing', async () => {
    const planned = (await job.done('plan', '-f', 'bundle.yaml', '-o', 'fixed.json')).inventory;
    const digest = planned.images.find((image) => image.source === 'nginx:1')?.digest ?? '';
    const moved = await pushNginx('as it is now');
    expect(moved.digest).not.toBe(digest);
    await job.done('mirror', '--plan', 'fixed.json', '-f', 'bundle.yaml');
    expect(await digestAt(target.host, 'm/docker.io/nginx', '1')).toBe(digest);
    expect(await digestAt(target.host, 'm/docker.io/library/nginx', '1')).toBe(digest);
    const made = await job.done('create', '--plan', 'fixed.json', '-f', 'bundle.yaml', '-o', 'out');
    expect(made.inventory).toEqual(planned);
    await pushNginx('as it was');
  });

  test('asks for no tag, not even for one that is written beside a digest', async () => {
    const digest = await digestAt(source.host, 'docker.io/library/nginx', '1');
    await job.bundle(target.host, { ...fields(), images: [`nginx:1@${digest}`, 'quay.io/a/b:1'] });
    const tagsAskedBy = async (...argv: string[]) => {
      const asked = await requestsOf(source, () => job.done(...argv, '-f', 'bundle.yaml'));
      return asked.filter(({ path }) => path.endsWith('/manifests/1'));
    };
    expect(await tagsAskedBy('plan', '-o', 'tags.json')).toHaveLength(2);
    expect(await tagsAskedBy('create', '--plan', 'tags.json', '-o', 'tags')).toEqual([]);
    await job.bundle(target.host, fields());
  });

  test.each([
    ['another image', { images: ['nginx:1'] }, 'images'],
    ['another version', { version: '1.0.1' }, 'version "1.0.1" in place of "1.0.0'],
    ['another platform filter', { platforms: ['linux/amd64'] }, 'platforms'],
    ['another map', { mirrorRegistries: 'docker.io::T/m/docker.io,quay.io::T/m/q' }, 'images'],
    ['another base path', { baseContentPath: '' }, 'target'],
    ['no chart', { imageSwap: {}, environment: 'non-airgap' }, 'chart'],
  ])('that disagrees with bundle.yaml is refused: %s', async (_, change, named) => {
    await job.write('bundle.yaml', changed(change));
    const asked = await requestsOf(target, async () => {
      for (const verb of [['mirror'], ['create', '-o', 'refused']]) {
        const ended = await job.run(...verb, '--plan', 'plan.json', '-f', 'bundle.yaml');
        expect(ended.exitCode).toBe(2);
        expect(ended.stderr).toContain('error: bundle.yaml and the saved plan disagree');
        expect(ended.stderr).toMatch(new RegExp(`given: .*\\b${named}\\b`));
      }
    });
    expect(asked).toEqual([]);
    await expect(stat(job.path('refused/sample-1.0.0.tar'))).rejects.toThrow('ENOENT');
  });

  test.each(['{"images": []}', 'images: [nginx:1]', ''])(
    'that is none is refused: %s',
    async (text) => {
      await job.write('none.json', text);
      const ended = await job.run('mirror', '--plan', 'none.json', '-f', 'bundle.yaml');
      expect(ended.exitCode).toBe(2);
      expect(ended.stderr).toContain('error: none.json is not a saved plan');
    },
  );
});

/** bundle.yaml with some fields different, those of the registry section by their own names. */
function changed(change: Record<string, unknown>): object {
  const own = section(target.host);
  const names = Object.keys(change).filter((name) => name in own);
  const values = names.map((name) => [
    name,
    String(change[name]).replaceAll('T/', `${target.host}/`),
  ]);
  return {
    ...bundleYaml(target.host),
    ...fields(),
    ...Object.fromEntries(Object.entries(change).filter(([name]) => !names.includes(name))),
    ociImageRegistry: { ...own, ...Object.fromEntries(values) },
  };
}
