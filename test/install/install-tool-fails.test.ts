import { expect, test } from 'vitest';
import { toolPath } from '../helpers/tools.ts';
import { installer } from './cluster-site.ts';

/** The real tool, but for one call that it answers with an error: by a pattern of sh over all its arguments. */
const failing = (tool: string, pattern: string) =>
  `#!/bin/sh\ncase " $* " in *dry-run*) ;; ${pattern}) echo "it broke" >&2; exit 1 ;; esac\nexec '${toolPath(tool)}' "$@"\n`;

type Case = [message: string, tool: 'kubectl' | 'helm', pattern: string, ...flags: string[]];

test.each<Case>([
  ['the namespaces cannot be read', 'kubectl', '*" get namespace "*'],
  ['the Secret registry-info cannot be read', 'kubectl', '*" get secret registry-info "*'],
  ['what is installed cannot be read', 'kubectl', '*" get configmap airgap-bundle "*'],
  ['helm cannot tell what is installed', 'helm', '*" list "*|*" status "*|*" history "*'],
  ['the cluster does not tell what this login may do', 'kubectl', '*" create "*'],
  ['kubectl could not apply the Secret registry-info', 'kubectl', '*" apply "*'],
  ['helm could not install the chart', 'helm', '*" upgrade "*'],
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
