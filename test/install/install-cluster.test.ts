import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { toolPath } from '../helpers/tools.ts';
import { cluster, fileOf, installer } from './cluster-site.ts';
import { bundleFor, on } from './site.ts';

/** A kubeconfig of this server with nobody behind it or another token. */
async function kubeconfig(change: (text: string) => string): Promise<string> {
  return fileOf(change(await readFile(cluster.kubeconfig, 'utf8')));
}

describe('before anything is changed, it is told', () => {
  test.each<[string, (text: string) => string, number, RegExp]>([
    [
      'that the cluster is not there',
      (text) => text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:1'),
      11,
      /does not answer\n {2}given: +test https:\/\/127\.0\.0\.1:1: [\s\S]*--context \(test\)/,
    ],
    [
      'that the login is not accepted',
      (text) => text.replace(/("token": ?")[^"]*/, '$1wrong'),
      11,
      /does not accept this login/,
    ],
    ['that the kubeconfig is none', () => 'none', 2, /the kubeconfig cannot be read/],
    ['that the kubeconfig is empty', () => '', 11, /no current context/],
  ])('%s', async (_, change, code, message) => {
    const install = await installer();
    const before = await cluster.settled();
    const outcome = await install('--kubeconfig', await kubeconfig(change));
    expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
    expect(await cluster.objects()).toEqual(before);
  });

  test.each<[string, string[], number, RegExp]>([
    [
      'that there is no such context',
      ['--context', 'tes'],
      2,
      /no such context\n.*--context tes\n.*expected: +test\n/,
    ],
    [
      'that there is no such kubeconfig',
      ['--kubeconfig', 'none'],
      2,
      /kubeconfig cannot be read[\s\S]*none/,
    ],
    [
      'that the namespace of the release is missing',
      ['--namespace', 'apps'],
      11,
      /the namespace apps does not exist[\s\S]*--create-namespace/,
    ],
    [
      'that the password file is missing',
      ['--username', 'u', '--password-file', 'none'],
      2,
      /password file cannot be read\n.*none/,
    ],
  ])('%s', async (_, flags, code, message) => {
    const install = await installer();
    const before = await cluster.settled();
    expect(await install(...flags)).toMatchObject({
      code,
      stderr: expect.stringMatching(message),
    });
    expect(await cluster.objects()).toEqual(before);
  });

  test.each([
    ['kubectl', 'kubectl is needed', ''],
    ['helm', 'helm is needed', ''],
    ['kubectl', 'kubectl 1.20.1', `#!/bin/sh\necho '${oldKubectl('20', 'v1.20.1')}'\n`],
    ['kubectl', 'kubectl 1.21.14', `#!/bin/sh\necho '${oldKubectl('21', 'v1.21.14')}'\n`],
    ['helm', 'helm is too old', '#!/bin/sh\necho v3.12.3\n'],
  ])('without the right %s: %s', async (tool, message, program) => {
    const options = program === '' ? { without: [tool] } : { programs: { [tool]: program } };
    const install = await installer(options);
    expect(await install()).toMatchObject({ code: 3, stderr: expect.stringContaining(message) });
  });
});

/** What one before 1.28 says. */
function oldKubectl(minor: string, version: string): string {
  return `Client Version: version.Info{Major:"1", Minor:"${minor}", GitVersion:"${version}", GitCommit:"9e644106593f3f4aa98f8a84b23db5fa378900bd", GitTreeState:"clean", BuildDate:"2023-03-15T13:40:17Z", GoVersion:"go1.19.7", Compiler:"gc", Platform:"linux/amd64"}`;
}

test.each([
  ['1.22.17', oldKubectl('22', 'v1.22.17')],
  ['1.26.3', oldKubectl('26', 'v1.26.3')],
  ['1.27 of EKS', oldKubectl('27+', 'v1.27.16-eks-a737599')],
  ['1.28.0', 'Client Version: v1.28.0'],
])('kubectl %s is new enough', async (_, said) => {
  const real = toolPath('kubectl');
  const kubectl = `#!/bin/sh\nif [ "$*" = 'version --client' ]; then echo '${said}'; else exec '${real}' "$@"; fi\n`;
  const install = await installer({ programs: { kubectl } });
  const outcome = await install(
    '--only',
    'secret',
    '--username',
    'u',
    '--password-file',
    await fileOf('p'),
  );
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
});

test('a context may have a backslash in its name', async () => {
  const path = await fileOf(await readFile(cluster.kubeconfig, 'utf8'));
  const context = 'CORP\\admin';
  await cluster.kubectl('config', 'rename-context', 'test', context, '--kubeconfig', path);
  const install = await installer();
  const flags = ['--only', 'secret', '--username', 'u', '--password-file', await fileOf('p')];
  for (const chosen of [[], ['--context', context]]) {
    const outcome = await install('--kubeconfig', path, ...chosen, ...flags);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain(`Cluster  ${context} ${cluster.server}\n`);
  }
});

describe('a login with few rights', () => {
  const secrets = { namespace: 'jet-system', resources: ['secrets', 'namespaces'] };
  const home = { namespace: 'default', resources: ['namespaces', 'configmaps', 'secrets'] };

  test('is told which verbs on what it lacks, and nothing is changed', async () => {
    const install = await installer();
    const stranger = await cluster.kubeconfigFor('stranger');
    const before = await cluster.settled();
    const outcome = await install('--kubeconfig', stranger);
    expect(outcome.code).toBe(11);
    for (const line of [
      'get namespaces jet-system',
      'get secrets registry-info in jet-system',
      'get configmaps airgap-bundle in default',
      'list secrets in default',
    ]) {
      expect(outcome.stderr).toContain(`not allowed: ${line}\n`);
    }
    expect(await cluster.objects()).toEqual(before);
  });

  test.each([
    ['helm', false],
    ['helm4', true],
  ] as const)('that may only read is told what it and %s may not write', async (real, patches) => {
    const install = await installer({ real });
    const reader = await cluster.kubeconfigFor('reader', [
      { ...secrets, verbs: ['get'] },
      { ...home, verbs: ['get', 'list'] },
    ]);
    const outcome = await install('--kubeconfig', reader);
    expect(outcome.code).toBe(11);
    for (const line of [
      'create secrets registry-info in jet-system',
      'patch configmaps airgap-bundle in default',
      'create secrets in default',
      'create configmaps in default',
    ]) {
      expect(outcome.stderr).toContain(`not allowed: ${line}\n`);
    }
    expect(outcome.stderr).not.toContain('delete');
    // helm 4 makes objects by server-side apply.
    expect(outcome.stderr.includes('patch configmaps image-swap in default\n')).toBe(patches);
    expect(await cluster.helm('list', '--short')).toBe('');
  });

  test('needs no right to write where all is as it should be', async () => {
    const install = await installer();
    expect(await install()).toMatchObject({ code: 0 });
    const reader = await cluster.kubeconfigFor('reader', [
      { ...secrets, verbs: ['get'] },
      { ...home, verbs: ['get', 'list'] },
    ]);
    expect(await install('--kubeconfig', reader)).toMatchObject({ code: 0, stderr: '' });
  });
});

test('two bundles keep a line each in the note', async () => {
  const first = await installer();
  const second = await installer({}, { inventory: { name: 'another' } });
  expect(await first()).toMatchObject({ code: 0 });
  expect(await second()).toMatchObject({ code: 0 });
  const note = await cluster.get<{ data: object }>('configmap', 'airgap-bundle');
  expect(note?.data).toEqual({
    'pcg-override': expect.stringMatching(/^7 1\.4\.0 sha256:[0-9a-f]{64}$/),
    another: expect.stringMatching(/^7 1\.4\.0 sha256:/),
  });
});

test('a non-airgap bundle brings no chart, needs no helm, and is taken away again', async () => {
  const access = { environment: 'non-airgap' } as const;
  const install = await installer({ without: ['helm'] }, { access });
  const before = await cluster.settled();
  expect(await install()).toMatchObject({ code: 0, stderr: '' });
  expect(await install('--uninstall')).toMatchObject({ code: 0, stderr: '' });
  expect([...(await cluster.objects()).keys()]).toEqual([...before.keys()]);
});

test('--uninstall of another namespace than that of the release takes nothing away', async () => {
  const install = await installer();
  expect(await install()).toMatchObject({ code: 0, stderr: '' });
  const before = await cluster.settled();
  const outcome = await install('--uninstall', '--namespace', 'kube-public');
  expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining('but in default') });
  expect(await cluster.objects()).toEqual(before);
});

test('a cluster that pulls from another registry is warned of', async () => {
  const data = ['--from-literal=DOMAIN=old.example.org', '--from-literal=BASE_PATH='];
  await cluster.kubectl(
    'create',
    'secret',
    'generic',
    'registry-info',
    '-n',
    'jet-system',
    ...data,
  );
  const outcome = await (await installer())('--only', 'secret');
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toContain('this cluster pulls from old.example.org now, and will from');
});

test('--create-namespace makes what is missing, and --uninstall names it', async () => {
  const install = await installer();
  const flags = ['--namespace', 'apps', '--create-namespace'];
  expect(await install(...flags)).toMatchObject({ code: 0, stderr: '' });
  const undone = await install('--uninstall', '--namespace', 'apps');
  expect(undone).toMatchObject({ code: 0, stderr: '' });
  expect(undone.stdout).toContain('The namespace apps was made by this script');
  expect(undone.stdout).not.toContain('namespace jet-system was made');
  expect(await cluster.get('namespace', 'apps')).toBeDefined();
});

test.each([
  ['--only verify', 0, 'Done.'],
  ['--only verify,check --dry-run', 0, 'would run: kubectl get secret'],
  ['--skip verify', 2, 'verifying is always done'],
])('%s', async (flags, code, words) => {
  const { args } = await bundleFor('registry.example.org');
  const outcome = await (await on()).install([...args, ...flags.split(' ')]);
  expect(outcome.code).toBe(code);
  expect(`${outcome.stdout}${outcome.stderr}`).toContain(words);
});

describe('--dry-run', () => {
  test('tells what would be run, and asks nobody', async () => {
    const bundle = await bundleFor('registry.example.org');
    const site = await on();
    const outcome = await site.install([...bundle.args, '--dry-run', '--uninstall']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/would run: helm uninstall image-swap/);
    const install = await site.install([...bundle.args, '--dry-run']);
    expect(install).toMatchObject({ code: 0, stderr: '' });
    for (const words of [
      'would run: oras cp',
      'would run: kubectl apply --server-side',
      'would run: helm upgrade --install',
      'would run: kubectl get secret',
      ` --from-oci-layout -- ${bundle.path}@sha256:`,
      ' chart/image-swap-1.5.3.tgz --namespace default --values values.yaml',
      'with the Secret registry-info in jet-system',
      'the one that the cluster has would be kept',
    ]) {
      expect(install.stdout).toContain(words);
    }
    expect(install.stdout).not.toContain('airgap-install.');
    const asked = (await site.calls('kubectl')).map((call) => call.slice(1, 3).join(' '));
    expect(new Set(asked)).toEqual(new Set(['--client', 'config view']));
    expect(await site.calls('helm')).toEqual([
      ['version', '--short'],
      ['version', '--short'],
    ]);
  });
});
