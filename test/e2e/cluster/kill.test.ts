import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { toolPath } from '../../helpers/tools.ts';
import type { HostOptions, JumpHost } from '../../install/jump-host.ts';
import { hasWebhook, playInitContainer } from './init-container.ts';
import { changed, endState, expectImages, ofANamespace, type Site, startSite } from './site.ts';

/** Where a run is killed: at the first call of `tool` with these words, of which `*` stands for any. */
interface Point {
  readonly tool: 'kubectl' | 'helm' | 'oras' | 'node';
  readonly words: string;
  /** `half`: as soon as helm has written down that it has begun, or the registry has something of the bundle. */
  readonly when: 'before' | 'half' | 'after';
}

let site: Site;
let host: JumpHost;
let undisturbed: Awaited<ReturnType<typeof endState>>;
beforeAll(async () => {
  site = await startSite();
  await site.reset();
  host = await makeHost();
  const outcome = await host.install(site.args);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  undisturbed = await endState(site);
});
afterAll(() => site?.stop());
beforeEach(() => site.reset());

const template = ['configmap/imageswap-mwc-template', '--namespace=imageswap-system'];
const secret = 'apply *--filename */Secret ';

test.each<[string, Point]>([
  ['load, no image placed yet', { tool: 'oras', words: 'cp ', when: 'after' }],
  ['load, one image placed', { tool: 'oras', words: 'cp *--from-registry', when: 'after' }],
  ['the namespaces', { tool: 'kubectl', words: 'create *Namespace ', when: 'after' }],
  ['the Secret', { tool: 'kubectl', words: secret, when: 'after' }],
  ['the chart, not begun', { tool: 'helm', words: 'upgrade *--description', when: 'before' }],
  ['the chart, half installed', { tool: 'helm', words: 'upgrade *--description', when: 'half' }],
  ['the chart, installed', { tool: 'helm', words: 'upgrade *--description', when: 'after' }],
  ['the check', { tool: 'kubectl', words: 'MIRROR_REGISTRIES', when: 'before' }],
])('killed in %s, the next run comes to the same end', async (_, point) => {
  const isLoad = point.tool === 'oras';
  if (isLoad) await site.emptyRegistry();
  const steps = isLoad ? [] : ['--skip', 'load'];
  // No pod runs here: helm waits until it is killed.
  await killedAt(host, point, ...steps, ...(point.when === 'half' ? ['--wait'] : []));
  // Half of a release is taken over at once only when somebody says that no other helm is at work.
  const flags = [...steps, ...(point.when === 'half' ? ['--yes'] : [])];
  const again = await host.install([...site.args, ...flags]);
  expect(again, again.stderr).toMatchObject({ code: 0 });
  expect(await endState(site)).toEqual(undisturbed);
  if (isLoad) await expectImages(site);
});

test('killed in load by Node, the next run comes to the same end', async () => {
  await site.emptyRegistry();
  const withNode = await makeHost({ node: true });
  await killedAt(withNode, { tool: 'node', words: 'bundle.js load ', when: 'half' });
  const again = await withNode.install(site.args);
  expect(again, again.stderr).toMatchObject({ code: 0 });
  expect(await endState(site)).toEqual(undisturbed);
  await expectImages(site);
});

test.each<[string, Point]>([
  ['the webhook', { tool: 'kubectl', words: 'delete mutatingwebhook', when: 'after' }],
  ['the release', { tool: 'helm', words: 'uninstall ', when: 'after' }],
  ['the Secret', { tool: 'kubectl', words: 'delete secret registry-info', when: 'after' }],
])('killed in --uninstall, behind %s, the next run takes away the rest', async (_, point) => {
  const before = await site.cluster.objects();
  expect(await host.install([...site.args, '--skip', 'load'])).toMatchObject({ code: 0 });
  await playInitContainer(site);
  await killedAt(host, point, '--uninstall');
  expect(await hasWebhook(site.cluster)).toBe(false);
  const again = await host.install([...site.args, '--uninstall']);
  expect(again, again.stderr).toMatchObject({ code: 0 });
  const left = async () => changed(before, await site.cluster.objects());
  await expect.poll(left, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
});

test('killed behind the helm uninstall of half an install, --uninstall finds the webhook of that', async () => {
  const before = await site.cluster.objects();
  const half: Point = { tool: 'helm', words: 'upgrade *--description', when: 'half' };
  await killedAt(host, half, '--skip', 'load', '--wait');
  await site.cluster.kubectl('wait', '--for=create', '--timeout=10s', ...template);
  await playInitContainer(site);
  const gone: Point = { tool: 'helm', words: 'uninstall ', when: 'after' };
  await killedAt(host, gone, '--skip', 'load', '--yes');
  expect(await hasWebhook(site.cluster)).toBe(true);
  const outcome = await host.install([...site.args, '--uninstall']);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  const left = async () => changed(before, await site.cluster.objects());
  await expect.poll(left, { timeout: 10_000 }).toEqual(ofANamespace('imageswap-system'));
});

function makeHost(options: HostOptions = {}): Promise<JumpHost> {
  const programs = {
    kubectl: killer('kubectl'),
    helm: killer('helm'),
    oras: killer('oras'),
    ...(options.node && { node: killer('node') }),
  };
  return site.host({ ...options, prefix: [toolPath('setsid')], programs });
}

/** Runs until it is killed with its whole process group: without an exit code, and with the file `killed`. */
async function killedAt(
  host: JumpHost,
  { tool, words, when }: Point,
  ...flags: string[]
): Promise<void> {
  const proof = join(host.folder, 'killed');
  const where = { KILL_TOOL: tool, KILL_WORDS: words, KILL_WHEN: when, KILLED: proof };
  await rm(proof, { force: true });
  const { code, stdout, stderr } = await host.install([...site.args, ...flags], where);
  expect([code, existsSync(proof)], `it was not killed:\n${stdout}${stderr}`).toEqual([-1, true]);
}

/** A tool that ends the whole run at the point that was asked for, and else is the real one. */
function killer(tool: string): string {
  const path = tool === 'node' ? process.execPath : toolPath(tool);
  const kubectl = `'${toolPath('kubectl')}' --kubeconfig '${site.cluster.kubeconfig}'`;
  const bundles = join(site.target.folder, 'storage/docker/registry/v2/repositories/m/bundles');
  const isHalfDone =
    tool === 'node'
      ? `[ -e '${bundles}' ]`
      : `[ -n "$(${kubectl} get secret --selector owner=helm --output name)" ]`;
  return `#!/bin/sh
[ "\${KILL_TOOL-}" = ${tool} ] || exec '${path}' "$@"
case "$* " in
  *$KILL_WORDS*) ;;
  *) exec '${path}' "$@" ;;
esac
: > "$KILLED"
case $KILL_WHEN in
  after) '${path}' "$@" ;;
  half)
    '${path}' "$@" &
    until ${isHalfDone}; do sleep 0.05; done
    ;;
esac
kill -KILL 0
`;
}
