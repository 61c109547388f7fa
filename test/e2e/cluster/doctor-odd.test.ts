import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../src/doctor/check.ts';
import { data, registryInfo } from './breakages/breakage.ts';
import { type DoctorSite, home, startDoctorSite } from './doctor-site.ts';
import { changed, pull } from './site.ts';

let at: DoctorSite;
beforeAll(async () => {
  at = await startDoctorSite();
});
afterAll(() => at?.stop());
afterEach(() => at.site.cluster.reset());

const names = (checks: readonly Check[], status: Check['status']) =>
  checks.filter((one) => one.status === status).map(({ check }) => check);
const found = (checks: readonly Check[], name: string) =>
  checks.find(({ check }) => check === name);
const isGreen = (checks: readonly Check[]) =>
  expect(checks.filter(({ status }) => status !== 'ok')).toMatchObject([{ check: 'node-config' }]);
/** Text for people. */
const told = (...flags: string[]) =>
  at.site.job.runWith({ env: at.env }, 'doctor', ...at.args, ...flags);

describe('it changes nothing', () => {
  /** Of an upload that was taken back distribution writes the state of its hash once more. */
  const stored = async () => {
    const storage = join(at.site.target.folder, 'storage');
    const entries = await readdir(storage, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => !/_uploads\/[^/]+\/hashstates\//.test(path))
      .sort();
  };

  test.each([
    ['', false],
    [', and takes back the upload by which it sees that it could', true],
  ])('in cluster and registry%s', async (_, mayPush) => {
    const [objects, files] = [await at.site.cluster.settled(), await stored()];
    const from = at.site.target.requests().length;
    at.site.tokens?.letPush(mayPush);
    const { json } = await at.doctor();
    at.site.tokens?.letPush(false);
    expect(found(json, 'push-rights')?.status).toBe(mayPush ? 'warning' : 'ok');
    expect(changed(objects, await at.site.cluster.objects())).toEqual([]);
    expect(await stored()).toEqual(files);
    const asked = at.site.target.requests().slice(from);
    const writing = asked.filter(({ method }) => !['GET', 'HEAD'].includes(method));
    const done = writing.filter(({ status }) => status !== 401);
    expect(writing.length).toBeGreaterThan(0);
    expect(done.map(({ method }) => method)).toEqual(mayPush ? ['POST', 'DELETE'] : []);
  });
});

describe('what install.sh is told to mend is mended by it:', () => {
  const given = ['--username', pull.username, '--password-file', 'pull'];
  const stepOf = (cure: string) => /sh install\.sh .*--only ([a-z,]+)/.exec(cure)?.[1];

  /** Runs each cure once, in the order of the checks. @returns the steps of failed checks by name */
  async function mend(...flags: string[]) {
    const failed = (await at.doctor(...flags)).json.filter(({ status }) => status === 'failure');
    for (const cure of new Set(failed.map((one) => one.cure))) await at.follow(cure);
    return failed.map(({ check, cure }) => [check, stepOf(cure)]);
  }

  test('much at once', async () => {
    const { kubectl } = at.site.cluster;
    await kubectl('delete', 'secret', 'registry-info', '-n', 'jet-system');
    await kubectl('delete', 'secret', 'imageswap-pull', '-n', home);
    await kubectl('delete', 'service', 'imageswap', '-n', home);
    const maps = ['configmap', 'imageswap-maps', '-n', home];
    await kubectl('patch', ...maps, '--type=merge', '--patch={"data":{"maps":"default::\\n"}}');
    await at.site.emptyRegistry();
    await at.site.restartRegistry();
    expect(await mend(...given)).toEqual([
      ['secret', 'secret'],
      ['placements', 'load'],
      ['pull-secret', 'secret,chart'],
      ['webhook-service', 'chart'],
      ['webhook-map', 'chart'],
    ]);
    isGreen((await at.doctor()).json);
  });

  test('the Secret is gone, and its login with it', async () => {
    await at.site.cluster.kubectl('delete', 'secret', 'registry-info', '-n', 'jet-system');
    expect(await mend()).toEqual([['secret', 'secret']]);
    isGreen((await at.doctor()).json);
  });

  test.each<[string, readonly string[], readonly (readonly string[])[]]>([
    ['and the right one is given', given, [['secret-keys', 'secret']]],
    [
      'and none is given',
      [],
      [
        ['registry', 'secret,chart'],
        ['pull-secret', 'secret,chart'],
      ],
    ],
  ])('a wrong password in the Secret, %s', async (_, flags, failed) => {
    await registryInfo(data('PASSWORD', 'wrong'))(at);
    expect(await mend(...flags)).toEqual(failed);
    isGreen((await at.doctor(...given)).json);
  });
});

describe('a login', () => {
  const permissions = async () => {
    const page = await readFile('docs/doctor.md', 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    return loadAll(yaml.replaceAll('USER', 'reader')) as Rights[];
  };
  const grant = (objects: readonly Rights[]) => {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    return at.site.cluster.kubectlWith(JSON.stringify(list), 'create', '--filename=-');
  };
  const asked = async (user: 'reader' | 'stranger') =>
    at.doctor('--kubeconfig', await at.site.cluster.kubeconfigFor(user));

  test('with the rights of the page is enough', async () => {
    await grant(await permissions());
    isGreen((await asked('reader')).json);
  });

  test('that may not list pods is told so, and sees the rest', async () => {
    const less = (await permissions()).map((one) => ({
      ...one,
      ...(one.rules && { rules: one.rules.map(withoutPods) }),
    }));
    await grant(less);
    const { exitCode, json } = await asked('reader');
    expect(exitCode).toBe(0);
    expect(names(json, 'skipped')).toEqual(['pods', 'unmapped-images', 'node-config']);
    expect(found(json, 'pods')).toMatchObject({
      evidence: expect.stringMatching(
        /pods is forbidden: User "reader" cannot list resource "pods"/,
      ),
      cure: 'let an admin grant it: the ClusterRole in docs/doctor.md is enough',
    });
    expect(found(json, 'unmapped-images')?.evidence).toBe('the pods were not read');
  });

  test('that may read nothing proves nothing', async () => {
    const { exitCode, json } = await asked('stranger');
    expect(exitCode).toBe(0);
    expect(names(json, 'ok')).toEqual(['cluster']);
    expect(names(json, 'skipped')).toHaveLength(18);
    const said = json.filter(({ evidence }) => evidence.includes('forbidden'));
    expect(said.map(({ check }) => check)).toEqual([
      'secret',
      'installed',
      'release',
      'webhook',
      'pods',
    ]);
    for (const { check, evidence } of json)
      expect([check, evidence]).not.toContainEqual(/there is no/);
    expect(found(json, 'registry')).toMatchObject({
      evidence: expect.stringMatching(/^without a login \(no pull credential is known\): .*401/s),
      cure: 'give doctor the pull credential: --username USER --password-file FILE',
    });
  });
});

interface Rights {
  readonly rules?: readonly { readonly resources: readonly string[] }[];
}

const withoutPods = ({ resources, ...rest }: NonNullable<Rights['rules']>[number]) => ({
  ...rest,
  resources: resources.filter((one) => one !== 'pods'),
});

describe('what it prints', () => {
  test('as JSON is an array of four texts each, and nothing else', async () => {
    const { stdout, json } = await at.doctor();
    expect(stdout.trimStart().startsWith('[')).toBe(true);
    for (const one of json) {
      expect(Object.keys(one)).toEqual(['check', 'status', 'evidence', 'cure']);
      expect(Object.values(one).map((value) => typeof value)).toEqual(Array(4).fill('string'));
    }
  });

  test('as text fits a terminal', async () => {
    const { stdout, exitCode } = await told();
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
    expect(fixed(stdout)).toBe(await readFile(join(import.meta.dirname, 'doctor.txt'), 'utf8'));
  });

  test('of what is broken has what was seen, and the cure below', async () => {
    const label = 'k8s.twr.io/imageswap=Enabled';
    await at.site.cluster.kubectl('label', 'namespace', 'apps', label, '--overwrite');
    const { stdout, exitCode } = await told('--only', 'cluster');
    expect(exitCode).toBe(11);
    expect(stdout).toContain(`
FAILURE  webhook-namespaces  the namespace apps has the label ${label}, which says nothing to the webhook
                             cure: kubectl label namespace apps k8s.twr.io/imageswap=enabled --overwrite
`);
    expect(stdout).toMatch(/\n\n15 checks: 14 ok, 1 failure, 0 warnings, 0 skipped\n?$/);
  });

  const fixed = (text: string) =>
    `${text.trimEnd()}\n`
      .replaceAll(at.site.target.host, 'registry.example.org:5000')
      .replaceAll(at.site.cluster.server, 'https://cluster.example.org:6443')
      .replace(/Kubernetes v\S+/, 'Kubernetes v1.X')
      .replace(/until \S+/, 'until DATE');
});

test('no password is seen anywhere', async () => {
  const host = await at.site.host({ recording: true, node: true });
  await at.site.cluster.kubectl('delete', 'secret', 'imageswap-pull', '-n', home);
  const ended = [];
  for (const env of [{}, { AIRGAP_BUNDLE_PASSWORD: pull.password }]) {
    const how = { env: { ...at.env, ...env, PATH: join(host.folder, 'bin') } };
    const flags = 'AIRGAP_BUNDLE_PASSWORD' in env ? ['--username', pull.username] : [];
    ended.push(await at.site.job.runWith<Check[]>(how, 'doctor', ...at.args, ...flags));
  }
  const record = await host.record();
  expect(record).toMatch(/^== kubectl$/m);
  expect(record).toMatch(/^== helm$/m);
  const seen = [record, ...ended.flatMap(({ stdout, stderr }) => [stdout, stderr])].join('\n');
  expect(seen).toContain('imageswap-pull');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  for (const form of ['canary', base64(pull.password), base64(`${pull.username}:${pull.password}`)])
    expect(seen).not.toContain(form);
});

test('300 pods, whatever their images are called', async () => {
  const odd = 'x:1\u001b[2J\nkube-system/faked nginx:1\t\u202eevil\u0007 +%41';
  const images = [odd, ...Array.from({ length: 299 }, (_, n) => `ghost:${n}`)];
  const items = images.map((image, n) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${n}` },
    spec: { containers: [{ name: 'main', image }], initContainers: [{ name: 'first', image }] },
  }));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await at.site.cluster.kubectlWith(list, 'create', '--filename=-');
  const { json, stdout } = await at.doctor('--only', 'registry,cluster');
  const evidence = found(json, 'pods')?.evidence ?? '';
  expect(evidence.match(/^ {2}ghost:\d+ \(default\/pod-\d+\), asked for as /gm)).toHaveLength(299);
  expect(evidence).toContain(`  ${JSON.stringify(odd)} (default/pod-0), asked for as `);
  expect(stdout).not.toMatch(control);
  const text = await told('--only', 'registry,cluster');
  expect(text.stdout).toMatch(/\n +and 289 more lines: --output json has all\n/);
  expect(text.stdout).not.toMatch(control);
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const control = /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/;
