import { hostTrials } from './host/all.ts';
import { t21, t22, t23 } from './network/bodies.ts';
import { chaos } from './network/chaos.ts';
import { faultTable } from './network/fault-table.ts';
import { t25 } from './network/hurdles.ts';
import { t28 } from './network/immutable-tags.ts';
import { t34 } from './network/limits.ts';
import { t24 } from './network/lures.ts';
import { t26 } from './network/manners.ts';
import { t32 } from './network/odd.ts';
import { t39 } from './network/oras.ts';
import { t27 } from './network/push-faults.ts';
import { t29 } from './network/refused-for-good.ts';
import { t30, t31 } from './network/states.ts';
import { t20 } from './network/windows.ts';
import { security } from './security/all.ts';
import type { Trial } from './trial.ts';

/** Every trial, in the order of the table. A folder with its own list adds it here. */
export const trials: readonly Trial[] = [
  faultTable,
  chaos,
  t20,
  t21,
  t22,
  t23,
  t24,
  t25,
  t26,
  t27,
  t28,
  t29,
  t30,
  t31,
  t32,
  t34,
  t39,
  ...hostTrials,
  ...security,
];
