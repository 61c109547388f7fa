import type { Trial } from '../trial.ts';
import { everyByte, mutated } from './tampering.ts';

/** Whoever carries a bundle, and whoever writes what goes into one. */
export const security: readonly Trial[] = [everyByte, mutated];
