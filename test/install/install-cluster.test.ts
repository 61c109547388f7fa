import { describe, expect, test } from 'vitest';
import { cluster, fileOf, installer } from './cluster-site.ts';
import { bundleFor, on } from './site.ts';

describe('before anything is changed, it is told', () => {
  test.each<[string, string, number, RegExp]>([
    ['that the kubeconfig is none', 'none', 2, /the kubeconfig cannot be read/],
    ['that the kubeconfig is empty', '', 11, /no current context/],
  ])('%s', async (_, text, code, message) => {
    const install = await installer();
    const before = await cluster.objects();
    const outcome = await install('--kubeconfig', await fileOf(text));
    expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
    expect(await cluster.objects()).toEqual(before);
  });

  test.each([
    ['kubectl', 'kubectl is too old', '#!/bin/sh\necho "Client Version: v1.20.1"\n'],
    ['helm', 'helm is too old', '#!/bin/sh\necho v3.12.3\n'],
  ])('without the right %s: %s', async (tool, message, program) => {
    const install = await installer({ programs: { [tool]: program } });
    expect(await install()).toMatchObject({ code: 3, stderr: expect.stringContaining(message) });
  });
});

test('a login that may only read can run it where all is as it should be', async () => {
  const install = await installer();
  expect(await install()).toMatchObject({ code: 0 });
  const own = { resources: ['secrets', 'namespaces', 'configmaps'] };
  const reader = await cluster.kubeconfigFor('reader', [
    { ...own, namespace: 'jet-system', verbs: ['get'] },
    { ...own, namespace: 'default', verbs: ['get', 'list'] },
  ]);
  expect(await install('--kubeconfig', reader)).toMatchObject({ code: 0, stderr: '' });
  const other = await install('--kubeconfig', reader, '--username', 'u', '--password-file', reader);
  expect(other).toMatchObject({
    code: 11,
    stderr: expect.stringContaining('not allowed: patch secrets registry-info in jet-system\n'),
  });
  expect(other.stderr).not.toContain('delete');
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
