import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Check } from '../../../src/doctor/check.ts';
import { type NodeNeeds, nodeChecks } from '../../../src/doctor/node/checks.ts';
import { parseMirrorMap } from '../../../src/mirror-map/parse.ts';

/** What a node of the examples must find: one source, on a target that needs nothing special. */
export function needs(more: Partial<NodeNeeds> & { map?: string } = {}): NodeNeeds {
  const { map = 'docker.io::h.example.org/air/docker.io', ...rest } = more;
  return {
    entries: parseMirrorMap(map).entries,
    endpoint: 'h.example.org',
    plainHttp: false,
    insecureSkipVerify: false,
    login: false,
    ...rest,
  };
}

/** The address that finds it. */
export const right = 'https://h.example.org/v2/air/docker.io';

/** The checks over files in a folder of their own; the first is what is given. Paths in the checks are `ETC`. */
export async function checksOf(
  files: Readonly<Record<string, string>>,
  wanted: NodeNeeds = needs(),
  given = Object.keys(files)[0] ?? '',
): Promise<Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-node-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text.replaceAll('ETC', folder));
    }
    const checks = await nodeChecks(join(folder, given), wanted);
    return checks.map((one) => ({
      ...one,
      evidence: one.evidence.replaceAll(folder, 'ETC'),
      cure: one.cure.replaceAll(folder, 'ETC'),
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By check: status. */
export const statusesOf = (checks: readonly Check[]) =>
  Object.fromEntries(checks.map(({ check, status }) => [check, status]));

export function named(checks: readonly Check[], name: string): Check {
  const found = checks.find(({ check }) => check === name);
  if (found === undefined) throw new Error(`no check ${name} in ${JSON.stringify(checks)}`);
  return found;
}

const cri = 'io.containerd.grpc.v1.cri';

/** A config.toml of containerd 1 with such mirrors of docker.io. */
export const mirrors = (...endpoints: readonly string[]) =>
  `version = 2\n[plugins."${cri}".registry.mirrors."docker.io"]\nendpoint = ${JSON.stringify(endpoints)}\n`;

/** A config.toml that leads to folders. */
export const configPath = (path: string, version = 2) => {
  const plugin = version > 2 ? 'io.containerd.cri.v1.images' : version > 1 ? cri : 'cri';
  const first = version > 1 ? `version = ${version}\n` : '';
  return `${first}[plugins."${plugin}".registry]\nconfig_path = "${path}"\n`;
};
