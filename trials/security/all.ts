import type { Trial } from '../trial.ts';
import { collide } from './collisions.ts';
import { hostile } from './hostile.ts';
import { loops } from './loops.ts';
import { grammar } from './maps.ts';
import { references } from './names.ts';
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
  clocks,
  huge,
  grammar,
  collide,
  loops,
  references,
  secrets,
];
