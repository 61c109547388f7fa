import { chmod } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toolPath } from '../../helpers/tools.ts';
import { decoded, type JumpHost, type Outcome } from '../../install/jump-host.ts';
import { pull, type Secret, type Site, secretOf, startSite } from './site.ts';

let site: Site;
let host: JumpHost;
beforeAll(async () => {
  site = await startSite();
  host = await site.host();
});
afterAll(() => site?.stop());
beforeEach(() => site.reset());

const install = (...flags: string[]): Promise<Outcome> => host.install([...site.args, ...flags]);
const onlySecret = (...flags: string[]) => install('--only', 'secret', ...flags);

/** As the page has it filled in by hand. @param change of `stringData`, and of anything beside it */
async function byHand(verb: 'create' | 'apply', change: Partial<Manual> = {}): Promise<void> {
  const manual = { ...manualSecret(), ...change, stringData: { ...seven(), ...change.stringData } };
  await site.cluster.kubectlWith(JSON.stringify(manual), verb, '--filename=-');
}

interface Manual {
  readonly stringData: Readonly<Record<string, string>>;
  readonly type: string;
  readonly immutable: boolean;
}

const manualSecret = () => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'registry-info', namespace: 'jet-system' },
  type: 'Opaque',
});

const seven = () => ({
  DOMAIN: site.target.host,
  BASE_PATH: 'm',
  USERNAME: pull.username,
  PASSWORD: pull.password,
  INSECURE: 'false',
  CA_CERT: site.authority.pem,
  MIRROR_REGISTRIES: `docker.io::${site.target.host}/m/docker.io,quay.io::${site.target.host}/m/quay.io`,
});

const old = 'old password canary';
const other = { stringData: { PASSWORD: old, MIRROR_REGISTRIES: 'docker.io::elsewhere' } };

const found = async () => (await secretOf(site.cluster)) as Secret;

describe('a Secret that is there already', () => {
  test('and equal, is not written, and stays when all is undone', async () => {
    await byHand('create');
    const before = await found();
    const outcome = await onlySecret();
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(await found()).toEqual(before);
    const undone = await install('--uninstall');
    expect(undone).toMatchObject({ code: 0, stdout: expect.stringContaining('it stays') });
    expect(await found()).toEqual(before);
  });

  test.each(['create', 'apply'] as const)(
    'and different, made by kubectl %s, is taken over',
    async (verb) => {
      await byHand(verb, other);
      const outcome = await onlySecret();
      expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
      expect(decoded(await found())).toEqual(seven());
      expect((await found()).metadata.annotations).toBeUndefined();
      expect(await site.cluster.holds(old)).toBe(false);
    },
  );

  test('and equal, made by kubectl apply, loses the annotation with the password alone', async () => {
    await byHand('apply');
    expect((await found()).metadata.annotations).toBeDefined();
    const outcome = await onlySecret();
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect((await found()).metadata.annotations).toBeUndefined();
    expect(decoded(await found())).toEqual(seven());
  });

  test('with keys of somebody else, is written over only when that is said', async () => {
    await byHand('create', { stringData: { ...other.stringData, TEAM: 'blue' } });
    const before = await found();
    expect(await onlySecret()).toMatchObject({
      code: 11,
      stderr: expect.stringMatching(/someone else[\s\S]*further keys: TEAM[\s\S]*--yes/),
    });
    expect(await found()).toEqual(before);
    const outcome = await onlySecret('--yes');
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(decoded(await found())).toEqual({ ...seven(), TEAM: 'blue' });
    expect(await install('--uninstall')).toMatchObject({ code: 0 });
    expect(decoded(await found())).toEqual({ TEAM: 'blue' });
  });

  test.each<[string, Partial<Manual>, RegExp]>([
    [
      'of another type',
      { type: 'example.org/own' },
      /type that cannot be changed\n.*example\.org\/own/,
    ],
    ['that is immutable', { immutable: true }, /is immutable/],
  ])('%s, cannot be changed: delete and recreate is explained', async (_, change, message) => {
    await byHand('create', { ...other, ...change });
    const before = await found();
    const outcome = await onlySecret('--yes');
    expect(outcome).toMatchObject({ code: 11, stderr: expect.stringMatching(message) });
    expect(outcome.stderr).toContain('kubectl delete secret registry-info --namespace jet-system');
    expect(await found()).toEqual(before);
    await site.cluster.kubectl('delete', 'secret', 'registry-info', '--namespace', 'jet-system');
    expect(await onlySecret()).toMatchObject({ code: 0 });
  });
});

describe('the Secret that the pods of the webhook pull with', () => {
  const name = ['imageswap-pull', 'imageswap-system'] as const;
  const pullSecret = async () => (await site.cluster.get<Secret>('secret', ...name)) as Secret;
  const onlyChart = (...flags: string[]) => install('--only', 'chart', ...flags);
  const ours = () => {
    const auth = Buffer.from(`${pull.username}:${pull.password}`).toString('base64');
    return { auths: { [site.target.host]: { auth } } };
  };
  const config = async () => JSON.parse(decoded(await pullSecret())['.dockerconfigjson'] ?? '');

  /** With logins for two registries, as somebody makes it. */
  async function makePullSecret(verb: 'create' | 'apply', change: object = {}): Promise<void> {
    await site.cluster.kubectl('create', 'namespace', 'imageswap-system');
    const auths = { 'one.example.org': { auth: 'b25lOm9uZQ==' }, [old]: { auth: 'dHdvOnR3bw==' } };
    const manual = {
      ...manualSecret(),
      metadata: { name: name[0], namespace: name[1] },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
      ...change,
    };
    await site.cluster.kubectlWith(JSON.stringify(manual), verb, '--filename=-');
  }

  test.each(['create', 'apply'] as const)(
    'made by kubectl %s for other registries, is written over only when that is said, and stays',
    async (verb) => {
      await makePullSecret(verb);
      const before = await pullSecret();
      const refused = await onlyChart();
      expect(refused).toMatchObject({
        code: 11,
        stderr: expect.stringMatching(/imageswap-pull seems to be from someone else[\s\S]*--yes/),
      });
      expect(await pullSecret()).toEqual(before);
      expect(await site.cluster.helm('list', '--short')).toBe('');
      const outcome = await onlyChart('--yes');
      expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
      expect(await config()).toEqual(ours());
      expect(await site.cluster.holds(old)).toBe(false);
      expect(await onlyChart()).toMatchObject({ code: 0 });
      const undone = await install('--uninstall');
      expect(undone.stdout).toMatch(/imageswap-pull is not of this script alone[^\n]*it stays/);
      expect(await config()).toEqual(ours());
    },
  );

  test('made by hand for this registry, as it would be made, is not written and stays', async () => {
    await makePullSecret('create', {
      stringData: { '.dockerconfigjson': JSON.stringify(ours()) },
    });
    const before = await pullSecret();
    expect(await onlyChart()).toMatchObject({ code: 0 });
    expect(await install('--uninstall')).toMatchObject({ code: 0 });
    expect(await pullSecret()).toEqual(before);
  });

  test('that is immutable, cannot be changed', async () => {
    await makePullSecret('create', { immutable: true });
    const message = /is immutable[\s\S]*kubectl delete secret imageswap-pull/;
    expect(await onlyChart('--yes')).toMatchObject({
      code: 11,
      stderr: expect.stringMatching(message),
    });
  });

  test('of this script, is written again with another password unasked', async () => {
    expect(await onlyChart()).toMatchObject({ code: 0 });
    await site.job.write('another', 'another');
    const outcome = await onlyChart('--password-file', site.job.path('another'));
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    const auth = Buffer.from(`${pull.username}:another`).toString('base64');
    expect(await config()).toEqual({ auths: { [site.target.host]: { auth } } });
  });
});

test('a map that somebody changed in the cluster is found by check, and mended by secret', async () => {
  expect(await install('--only', 'load,secret,check')).toMatchObject({ code: 0 });
  expect(await install('--only', 'check')).toMatchObject({ code: 0 });
  const patch = JSON.stringify({ stringData: { MIRROR_REGISTRIES: 'docker.io::elsewhere' } });
  await site.cluster.kubectl(
    'patch',
    'secret',
    'registry-info',
    '--namespace=jet-system',
    '--patch',
    patch,
  );
  const outcome = await install('--only', 'check');
  expect(outcome).toMatchObject({
    code: 11,
    stderr: expect.stringMatching(/is not the map of this bundle\n +given: +docker\.io::elsewhere/),
  });
  expect(await install('--only', 'secret,check')).toMatchObject({ code: 0 });
});

describe('an image that the registry has not as it was signed is found by check', () => {
  beforeEach(async () => {
    expect(await install('--only', 'load,secret,check')).toMatchObject({ code: 0 });
  });

  test('missing', async () => {
    await site.emptyRegistry();
    const { code, stderr } = await install('--only', 'check');
    expect(code).toBe(11);
    expect(stderr.match(/resolves to nothing, not sha256:/g)).toHaveLength(5);
    expect(stderr).toMatch(/next: +run it with --only load/);
  });

  test('another one', async () => {
    const other = `${site.target.host}/m/docker.io/nginx:1`;
    await site.moveTag(`${site.target.host}/m/quay.io/calico/node:v3.30.3`, other);
    const { code, stderr } = await install('--only', 'check');
    expect(code).toBe(11);
    expect(stderr).toMatch(/failed +\S+\/m\/docker\.io\/nginx:1\n +resolves to sha256:\w+, not/);
    expect(stderr.match(/failed/g)).toHaveLength(1);
  });
});

describe('on a terminal', () => {
  /** What it printed and how it ended. */
  async function typing(answers: string): Promise<Outcome> {
    const words = await site.job.write('answers', answers);
    const command = `"$(printf "'%s' " "$@")"`;
    const text = `#!/bin/sh\nexec '${toolPath('script')}' -qefc ${command} /dev/null < '${words}'\n`;
    const prefix = await site.job.write('terminal', text);
    await chmod(prefix, 0o755);
    const terminal = await site.host({ prefix: [prefix] });
    return terminal.install([...site.args, '--only', 'secret'], { SHELL: '/bin/sh' });
  }

  test.each<[string, string, number]>([
    ['no', 'n\n', 130],
    ['nothing', '\n', 130],
    ['yes', 'y\n', 0],
  ])('cluster and registry are shown, and %s is heeded', async (_, answers, code) => {
    const outcome = await typing(answers);
    expect(outcome, outcome.stdout).toMatchObject({ code });
    const { cluster, target } = site;
    const shown = `Registry ${target.host}[^]*Cluster +test ${cluster.server}[^]*Go on\\? \\[y/N\\]`;
    expect(outcome.stdout).toMatch(new RegExp(shown));
    expect((await secretOf(site.cluster)) !== undefined).toBe(code === 0);
  });

  test('it asks for the Secret of somebody else by itself', async () => {
    await byHand('create', { stringData: { ...other.stringData, TEAM: 'blue' } });
    const refused = await typing('n\n');
    expect(refused, refused.stdout).toMatchObject({ code: 11 });
    expect(decoded(await found()).PASSWORD).toBe(old);
    const outcome = await typing('y\ny\n');
    expect(outcome, outcome.stdout).toMatchObject({ code: 0 });
    expect(decoded(await found())).toEqual({ ...seven(), TEAM: 'blue' });
  });
});

describe('an installed bundle', () => {
  test.each<[string, object, RegExp]>([
    ['is not followed by an older one', { version: '1.3.0', sequence: 6 }, /is older than/],
    [
      'is not followed by another one of its version',
      { sequence: 8 },
      /another bundle is installed/,
    ],
  ])('%s, unless a downgrade is allowed', async (_, fields, message) => {
    expect(await onlySecret()).toMatchObject({ code: 0 });
    const before = await site.cluster.objects();
    const next = [...(await site.bundle(fields)), '--only', 'secret'];
    const refused = await host.install(next);
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringMatching(message) });
    expect(await site.cluster.objects()).toEqual(before);
    expect(await host.install([...next, '--allow-downgrade'])).toMatchObject({ code: 0 });
  });
});

const long = `${'0123456789abcdef'.repeat(255)}-canary-end`;

describe('a password comes back from the Secret as it was given', () => {
  test.each<[string, string]>([
    ['quotes', `it's "canary"`],
    ['a dollar', '$HOME $(canary) $canary'],
    ['a backtick', '`canary`'],
    ['a backslash', 'c\\a\\nary\\'],
    ['a YAML comment', 'canary: #canary'],
    ['a template', '{{ canary }} {{ .Values }}'],
    ['a newline within', 'canary\nsecond canary'],
    ['a leading space', '  canary'],
    ['a YAML boolean', 'yes'],
    ['an octal number', '0123'],
    ['an emoji', '🔑 canary'],
    ['a percent sign and a null word', '%s canary ~ null'],
    ['4 KiB', long],
  ])('%s', async (_, password) => {
    await site.job.write('odd', `${password}\n`);
    const outcome = await onlySecret('--password-file', site.job.path('odd'));
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(decoded(await found()).PASSWORD).toBe(password);
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain('canary');
  });
});
