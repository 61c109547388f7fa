import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { versionOf } from './version.ts';

const module = 'carvel.dev/imgpkg';
const version = '0.46.1';
const bin = join(import.meta.dirname, '..', '.tools', 'bin');

/**
 * Builds imgpkg into .tools/bin, unless it is to be had already. In a module of its own, since `go install
 * PACKAGE@VERSION` also asks for the list of versions, which the Go proxy does not have for this module.
 */
export function buildImgpkg(say: (line: string) => void): void {
  if (versionOf('imgpkg', ['version'], /version (\S+)/) !== undefined) return;
  say(`building imgpkg ${version} (one to two minutes)`);
  const folder = mkdtempSync(join(tmpdir(), 'airgap-imgpkg-'));
  try {
    writeFileSync(join(folder, 'go.mod'), `module bench\ngo 1.24\nrequire ${module} v${version}\n`);
    writeFileSync(
      join(folder, 'imports.go'),
      `//go:build never\npackage bench\nimport _ "${module}/cmd/imgpkg"\n`,
    );
    mkdirSync(bin, { recursive: true });
    const flags = `-s -w -X ${module}/pkg/imgpkg/cmd.Version=${version}`;
    const { status, stderr } = spawnSync(
      'go',
      ['install', '-ldflags', flags, `${module}/cmd/imgpkg`],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, GOFLAGS: '-mod=mod', GOBIN: bin },
      },
    );
    if (status !== 0) say(`imgpkg cannot be built here: ${stderr?.trim().split('\n').at(-1)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
