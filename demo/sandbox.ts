/**
 * What docs/tutorial.md works with: `npm run sandbox` starts two real registries on loopback, one with sample
 * images that stands for the internet, one that is the private registry behind the gap. It runs until Ctrl-C.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import { pushImage } from '../test/helpers/images.ts';
import { startRegistry } from '../test/helpers/registry.ts';
import { toolPath } from '../test/helpers/tools.ts';
import { mirrors, pageMap, pushSamples, samples } from './samples.ts';
import { CannotStart, root, sandbox, untilStopped } from './until-stopped.ts';

const ports = { source: 5001, target: 5002 };

async function start(leftovers: (() => Promise<unknown>)[]): Promise<string> {
  const listen = async (port: number) => {
    if (await isTaken(port))
      throw new CannotStart(`port ${port} is in use, perhaps by another sandbox: end that first`);
    const registry = await startRegistry({ port });
    leftovers.push(() => registry.stop());
    return registry.host;
  };
  const [source, target] = [await listen(ports.source), await listen(ports.target)];
  await pushSamples(source);
  await pushImage(source, 'registry.k8s.io/pause', '3.10.1', { layers: ['pause 3.10.1'] });
  await rm(sandbox, { recursive: true, force: true });
  await mkdir(join(sandbox, 'bin'), { recursive: true });
  leftovers.push(() => rm(sandbox, { recursive: true, force: true }));
  await writeFile(join(sandbox, 'images.txt'), `${Object.keys(samples).join('\n')}\n`);
  await writeFile(join(sandbox, 'values.yaml'), dump(values(target), { lineWidth: -1 }));
  await writeFile(join(sandbox, 'env.sh'), environment(source, target));
  await writeFile(join(sandbox, 'bin/airgap-bundle'), launcher, { mode: 0o755 });
  return `the internet is ${source}, the private registry ${target}; in another terminal: cd sandbox && . ./env.sh`;
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

/** The image-swap values as a vendor's page has them filled in. */
function values(target: string): object {
  return {
    config: {
      ociImageRegistry: {
        endpoint: target,
        name: 'Private registry',
        baseContentPath: 'airgap-images',
        insecureSkipVerify: false,
        caCert: '',
        mirrorRegistries: pageMap(target),
      },
    },
  };
}

/** Sample images are asked of the source in place of the registries that their names say. */
function environment(source: string, target: string): string {
  const stands = Object.entries(mirrors(source)).flatMap(([name, how]) =>
    'mirror' in how ? [`${name}=${how.mirror}`] : [],
  );
  const path = [join(sandbox, 'bin'), dirname(toolPath('oras')), '$PATH'].join(delimiter);
  return [
    `export PATH="${path}"`,
    `export AIRGAP_BUNDLE_REGISTRY_MIRRORS=${stands.join(',')}`,
    `export AIRGAP_BUNDLE_PLAIN_HTTP=${source},${target}`,
    `export XDG_STATE_HOME="${join(sandbox, 'state')}"`,
    `export KUBECONFIG="${join(sandbox, 'kubeconfig')}"`,
    '',
  ].join('\n');
}

const launcher = `#!/bin/sh\nexec node "${join(root, 'dist/bundle.js')}" "$@"\n`;

await untilStopped(start);
