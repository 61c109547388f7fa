import type { Text } from './text.ts';

/** What is added by hand to an error. */
export interface Explanation {
  /** What it means, where the message alone does not say it. */
  readonly cause?: string;
  /** What mends it, where the code knows none. */
  readonly next?: readonly Text[];
  /** Why no test produces it. */
  readonly untested?: string;
}

/** By anchor. */
export const explanations: Readonly<Record<string, Explanation>> = {};
