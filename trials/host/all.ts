import type { Trial } from '../trial.ts';
import { t37 } from './at-once.ts';
import { t33 } from './faulty-disk.ts';
import { t35 } from './killed.ts';
import { t38 } from './poisoned.ts';
import { t36 } from './signalled.ts';

/** What can befall the host: its disk, its processes, a second run. */
export const hostTrials: readonly Trial[] = [t33, t35, t36, t37, t38];
