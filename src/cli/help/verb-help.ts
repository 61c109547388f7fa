import { bundleVerbHelp } from './bundle-verb-help.ts';
import type { VerbHelp } from './explain.ts';
import { sourceVerbHelp } from './source-verb-help.ts';

/** What `--help` says of each verb besides its flags, by the verb's name. */
export const verbHelp: Readonly<Record<string, VerbHelp>> = {
  ...sourceVerbHelp,
  ...bundleVerbHelp,
};
