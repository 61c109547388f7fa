import { execFileSync } from 'node:child_process';
import { mirrors, pageMap, pushSamples, samples } from '../../demo/samples.ts';
import { makeStep } from '../../test/action/step.ts';
import { pushImage } from '../../test/helpers/images.ts';
import { startRegistry } from '../../test/helpers/registry.ts';

/** What the registries on loopback are called in the picture. */
const shownTarget = 'harbor.example.org';
const shownWorkspace = '/home/runner/work/platform/platform';

/** The summary that the built Action writes for the second bundle of a small platform, mirrored and packed. */
export async function summaryOfRun(): Promise<string> {
  const [source, target, step] = [await startRegistry(), await startRegistry(), await makeStep()];
  try {
    await pushSamples(source.host);
    await pushImage(source.host, 'docker.io/library/nginx', '0', { layers: ['before'] });
    const before = Object.keys(samples).map((name) => (name === 'nginx:1' ? 'nginx:0' : name));
    const settings = settingsOf(source.host, target.host);
    const older = await step.run({
      ...settings,
      images: before.slice(0, -2).join('\n'),
      'bundle-version': '1.3.0',
    });
    if (older.exitCode !== 0) throw new Error(older.log);
    const ended = await step.run({
      ...settings,
      command: 'mirror, create',
      images: [...Object.keys(samples), `${source.host}/quay.io/calico/node:v3.30.3`].join('\n'),
      'bundle-version': '1.4.0',
      'compare-to': 'pcg-override-1.3.0.tar',
    });
    if (ended.exitCode !== 0) throw new Error(ended.log);
    return ended.summary
      .replaceAll(target.host, shownTarget)
      .replaceAll(source.host, 'registry.example.org')
      .replaceAll(step.workspace, shownWorkspace)
      .replaceAll(mermaidName(target.host), shownTarget)
      .replaceAll(mermaidName(source.host), 'registry.example.org');
  } finally {
    await Promise.all([source.stop(), target.stop(), step.remove()]);
  }
}

function settingsOf(source: string, target: string): Record<string, string> {
  const ways = Object.entries(mirrors(source)) as [string, { mirror?: string }][];
  const key = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' });
  return {
    name: 'pcg-override',
    environment: 'non-airgap',
    endpoint: target,
    'registry-name': 'harbor',
    'base-content-path': 'airgap-images',
    'mirror-registries': `${pageMap(target)},default::,noswap_wildcards::${target}`,
    'registry-mirrors': ways
      .flatMap(([name, { mirror }]) => (mirror ? [`${name}=${mirror}`] : []))
      .join('\n'),
    'plain-http': `${source}\n${target}`,
    'signing-key': key,
  };
}

/** A colon is spelled out there. */
function mermaidName(host: string): string {
  return host.replace(':', '#58;');
}
