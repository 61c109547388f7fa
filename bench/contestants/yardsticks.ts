import { versionOf } from '../version.ts';
import type { Contestant } from '../works.ts';
import { airgap, repeated } from './airgap.ts';

/** Hashes our file as one stream. */
export const openssl: Contestant = {
  ...airgap,
  name: 'openssl',
  how: '`openssl dgst -sha256` of the same file',
  version: () => versionOf('openssl', ['version'], /OpenSSL (\S+)/),
  works: { verify: async (scene) => ({ script: `openssl dgst -sha256 ${airgap.bundle(scene)}` }) },
  unmeasured: { ...(airgap.works.create && { create: airgap.works.create }) },
};

/** The least that a program in Node can take. */
export const node: Contestant = {
  ...airgap,
  name: 'node',
  how: '`node -e 0`',
  version: () => process.versions.node,
  works: { start: async () => ({ script: repeated('node -e 0') }) },
};
