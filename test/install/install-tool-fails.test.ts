import { expect, test } from 'vitest';
import { defaultChartPath } from '../../src/install/assets.ts';
import { toolPath } from '../helpers/tools.ts';
import { cluster, fileOf, installer, mark } from './cluster-site.ts';

/** The real tool, but for one call that it answers otherwise: by a pattern of sh over all its arguments. */
const answering = (tool: string, pattern: string, answer: string) =>
  `#!/bin/sh\ncase " $* " in ${pattern}) ${answer} ;; esac\nexec '${toolPath(tool)}' "$@"\n`;

const failing = (tool: string, pattern: string) =>
  answering(tool, `*dry-run*) ;; ${pattern}`, 'echo "it broke" >&2; exit 1');

type Case = [message: string, tool: 'kubectl' | 'helm', pattern: string, ...flags: string[]];

test.each<Case>([
  ['the namespaces cannot be read', 'kubectl', '*" get namespace "*'],
  ['the Secret registry-info cannot be read', 'kubectl', '*" get secret registry-info "*'],
  ['what is installed cannot be read', 'kubectl', '*" get configmap airgap-bundle "*'],
  ['helm cannot tell what is installed', 'helm', '*" list "*|*" status "*|*" history "*'],
  ['the cluster does not tell what this login may do', 'kubectl', '*" create "*'],
  ['kubectl could not apply the Secret registry-info', 'kubectl', '*" apply "*'],
  ['helm could not install the chart', 'helm', '*" upgrade "*'],
  ['the namespace apps cannot be created', 'kubectl', '*"/Namespace "*', '--namespace', 'apps'],
  ['the Secret registry-info cannot be read back', 'kubectl', '*"={.data.MIRROR_REGISTRIES}"*'],
])('where nothing is installed: %s', async (message, tool, pattern, ...flags) => {
  const install = await installer({ programs: { [tool]: failing(tool, pattern) } });
  const { code, stderr } = await install('--create-namespace', ...flags);
  expect(stderr).toContain(`error: ${message}`);
  expect(stderr).toContain('it broke');
  expect(code).toBe(11);
});

test.each<Case>([
  ['helm cannot show the release', 'helm', '*" get manifest "*'],
  ['the objects of the release cannot be read', 'kubectl', '*" get "*"/"*" --output name "*'],
  ['helm could not uninstall the release', 'helm', '*" uninstall "*', '--uninstall'],
  ['the secret registry-info in jet-system cannot', 'kubectl', '*" delete "*', '--uninstall'],
])('where the bundle is installed: %s', async (message, tool, pattern, ...flags) => {
  await (await installer())('--create-namespace', '--yes');
  const install = await installer({ programs: { [tool]: failing(tool, pattern) } });
  const { code, stderr } = await install('--yes', ...flags);
  expect(stderr).toContain(`error: ${message}`);
  expect(stderr).toContain('it broke');
  expect(code).toBe(11);
});

test('with our own chart: the pull Secret cannot be read', async () => {
  const kubectl = failing('kubectl', '*" imageswap-pull "*');
  const install = await installer({ programs: { kubectl } }, { chart: defaultChartPath() });
  const login = ['--username', 'puller', '--password-file', await fileOf('canary')];
  const { code, stderr } = await install('--create-namespace', ...login);
  expect(stderr).toContain('error: the Secret imageswap-system/imageswap-pull cannot be read');
  expect(stderr).toContain('it broke');
  expect(code).toBe(11);
});

const secret = ['secret', 'registry-info', '--namespace=jet-system'];
const annotation = 'kubectl.kubernetes.io/last-applied-configuration={}';
const service = { namespace: 'imageswap-system', name: 'imageswap' };
const webhook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'swap' },
  webhooks: [
    {
      name: 'swap.example.org',
      clientConfig: { service },
      ...{ sideEffects: 'None', admissionReviewVersions: ['v1'] },
    },
  ],
};

async function loseWebhook(): Promise<void> {
  await cluster.helm('uninstall', 'image-swap');
  await cluster.kubectl('create', 'namespace', service.namespace);
  const namespace = `--namespace=${service.namespace}`;
  await cluster.kubectl('create', 'secret', 'generic', 'imageswap-tls', namespace);
  await cluster.kubectlWith(JSON.stringify(webhook), 'create', '--filename', '-');
}

type Prepared = [
  message: string,
  tool: 'kubectl' | 'helm',
  pattern: string,
  prepare: () => Promise<unknown>,
  ...flags: string[],
];

test.each<Prepared>([
  [
    'the annotation of the Secret registry-info cannot be removed',
    'kubectl',
    '*" annotate "*',
    () => cluster.kubectl('annotate', ...secret, annotation),
  ],
  [
    'helm could not take the half-made release image-swap away',
    'helm',
    '*" uninstall "*',
    () => mark(1, 'pending-install'),
  ],
  [
    'helm could not roll image-swap back to revision 1',
    'helm',
    '*" rollback "*',
    async () => {
      await cluster.helm('rollback', 'image-swap', '1');
      await mark(1, 'deployed');
      await mark(2, 'pending-upgrade');
    },
  ],
  [
    'the keys of the Secret registry-info cannot be removed',
    'kubectl',
    '*" patch "*',
    () => cluster.kubectl('patch', ...secret, '--patch={"stringData":{"OTHER":"x"}}'),
    '--uninstall',
  ],
  [
    'the MutatingWebhookConfiguration swap cannot be deleted',
    'kubectl',
    '*" delete mutatingwebhookconfiguration "*',
    loseWebhook,
    '--uninstall',
  ],
  [
    'the secret imageswap-tls cannot be deleted',
    'kubectl',
    '*" delete secret imageswap-tls "*',
    loseWebhook,
    '--uninstall',
  ],
])('where the bundle was installed: %s', async (message, tool, pattern, prepare, ...flags) => {
  await (await installer())('--create-namespace', '--yes');
  await prepare();
  const install = await installer({ programs: { [tool]: failing(tool, pattern) } });
  const { code, stderr } = await install('--yes', ...flags);
  expect(stderr).toContain(`error: ${message}`);
  expect(stderr).toContain('it broke');
  expect(code).toBe(11);
});

test('where our own chart is installed: the webhooks cannot be read', async () => {
  const own = { chart: defaultChartPath() };
  const installed = await (await installer({}, own))('--create-namespace', '--yes');
  expect(installed).toMatchObject({ code: 0 });
  const kubectl = failing('kubectl', '*" get mutatingwebhookconfigurations "*');
  const { code, stderr } = await (await installer({ programs: { kubectl } }, own))(
    ...['--yes', '--uninstall'],
  );
  expect(stderr).toContain('error: the MutatingWebhookConfigurations cannot be read');
  expect(stderr).toContain('it broke');
  expect(code).toBe(11);
});

const applied = (change: string) =>
  `'${toolPath('kubectl')}' "$@" && exec '${toolPath('kubectl')}' --kubeconfig '${cluster.kubeconfig}' ${change}`;

test.each<[message: string, tool: 'kubectl' | 'helm', pattern: string, answer: () => string]>([
  [
    'the cluster does not allow what the chart needs',
    'helm',
    '*" --dry-run=server "*',
    () => 'echo "Error: nodes is forbidden: User u cannot list resource nodes" >&2; exit 1',
  ],
  [
    'the annotation last-applied-configuration is back on the Secret registry-info',
    'kubectl',
    '*" apply "*',
    () => applied(`annotate ${secret.join(' ')} '${annotation}'`),
  ],
  [
    'the Secret registry-info is not what was written',
    'kubectl',
    '*" apply "*',
    () => applied(`patch ${secret.join(' ')} --patch '{"stringData":{"DOMAIN":"x"}}'`),
  ],
])('where a tool answers otherwise: %s', async (message, tool, pattern, answer) => {
  const install = await installer({ programs: { [tool]: answering(tool, pattern, answer()) } });
  const { code, stderr } = await install('--create-namespace');
  expect(stderr).toContain(`error: ${message}`);
  expect(code).toBe(11);
});
