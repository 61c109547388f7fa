import { arch, platform } from 'node:os';

const systems: Readonly<Record<string, string>> = { win32: 'windows' };

/** Node's words for Go's, where they differ. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
};

/** `linux/amd64`: what programs of this host are made for, in Go's words. */
export function hostPlatform(): string {
  return `${systems[platform()] ?? platform()}/${architectures[arch()] ?? arch()}`;
}
