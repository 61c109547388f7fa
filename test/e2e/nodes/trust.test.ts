import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type NodesInput, nodeFiles } from '../../../src/install/nodes.ts';
import { parseMirrorMap } from '../../../src/mirror-map/parse.ts';
import { startNode } from '../../helpers/cri.ts';
import { pushImage } from '../../helpers/images.ts';
import { type Isolation, isolate } from '../../helpers/isolation.ts';
import { startRegistry, type TestRegistry } from '../../helpers/registry.ts';
import { type Authority, makeAuthority } from '../../helpers/tls.ts';
import { toolPath } from '../../helpers/tools.ts';
import { ways } from './ways.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let authority: Authority;
let plain: TestRegistry;
let secured: TestRegistry;
let network: Isolation;
let digest: string;
beforeAll(async () => {
  [folder, authority] = await Promise.all([
    mkdtemp(join(tmpdir(), 'airgap-nodes-')),
    makeAuthority(),
  ]);
  const tls = await authority.issue(['IP:127.0.0.1']);
  [plain, secured] = await Promise.all([startRegistry(), startRegistry({ tls })]);
  network = await isolate(folder, [plain.host, secured.host]);
  const platforms = ['linux/amd64', 'linux/arm64'];
  ({ digest } = await pushImage(plain.host, 'air/a/b', '1', { platforms }));
  const overTls = { platforms, plainHttp: false, ca: authority.pem };
  await pushImage(secured.host, 'air/a/b', '1', overTls);
});
afterAll(async () => {
  await network?.stop();
  await Promise.all([plain?.stop(), secured?.stop(), authority?.remove()]);
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** What containerd says of quay.io/a/b:1 with the files for such a target. */
async function pullBy(
  [program, , config]: (typeof ways)[number],
  host: string,
  target: Partial<NodesInput>,
): Promise<string | undefined> {
  const etc = await mkdtemp(join(folder, 'etc-'));
  const { entries } = parseMirrorMap(`quay.io::${host}/air`);
  const trust = { plainHttp: false, insecureSkipVerify: false, ...target };
  for (const { path, bytes } of nodeFiles({ entries, endpoint: host, ...trust })) {
    const file = join(etc, path.replace('nodes/', ''));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  const containerd = toolPath(program);
  const node = await startNode({ containerd, etc, config, prefix: network.prefix });
  const pulled = await node.pull('quay.io/a/b:1');
  await node.stop();
  return pulled['quay.io/a/b:1'];
}

describe.each(ways)('%s by %s', (...way) => {
  test('pulls over plain HTTP where the target has nothing else', async () => {
    expect(await pullBy(way, plain.host, { plainHttp: true })).toContain(`@${digest}`);
  });

  test('pulls from a registry whose certificate is not to be checked', async () => {
    const target = { insecureSkipVerify: true };
    expect(await pullBy(way, secured.host, target)).toContain(`@${digest}`);
  });

  test('does not pull from one whose authority it was not told of', async () => {
    expect(await pullBy(way, secured.host, {})).toMatch(/^error: .*certificate/);
  });
});
