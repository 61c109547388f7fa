import type { Contestant } from '../works.ts';
import { airgap } from './airgap.ts';
import { crane } from './crane.ts';
import { hauler } from './hauler.ts';
import { imgpkg } from './imgpkg.ts';
import { oras } from './oras.ts';
import { regsync } from './regsync.ts';
import { skopeo } from './skopeo.ts';
import { node, openssl } from './yardsticks.ts';

/** We are the first. */
export const contestants: readonly Contestant[] = [
  airgap,
  crane,
  oras,
  regsync,
  skopeo,
  imgpkg,
  hauler,
  openssl,
  node,
];
