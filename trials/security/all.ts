import type { Trial } from '../trial.ts';
import { authorities } from './authorities.ts';
import { collide } from './collisions.ts';
import { downgrades } from './downgrades.ts';
import { hostile } from './hostile.ts';
import { injection } from './injection.ts';
import { limits } from './limits.ts';
import { images } from './listed-images.ts';
import { loops } from './loops.ts';
import { grammar } from './maps.ts';
import { mixed } from './mixed.ts';
import { references } from './names.ts';
import { sameBytes } from './same-bytes.ts';
import { secrets } from './secrets.ts';
import { clocks, rotation, wrongSignatures } from './signatures.ts';
import { huge, truncated } from './sizes.ts';
import { swapped } from './swapped.ts';
import { everyByte, mutated } from './tampering.ts';

/** Whoever carries a bundle, and whoever writes what goes into one. */
export const security: readonly Trial[] = [
  everyByte,
  wrongSignatures,
  rotation,
  mutated,
  hostile,
  truncated,
  swapped,
  downgrades,
  clocks,
  mixed,
  huge,
  sameBytes,
  grammar,
  collide,
  loops,
  references,
  limits,
  images,
  authorities,
  injection,
  secrets,
];
