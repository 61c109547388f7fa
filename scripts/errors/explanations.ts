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
export const explanations: Readonly<Record<string, Explanation>> = {
  'install-the-pull-credential-in-the-cluster-is-no-base64': {
    untested: 'the openssl of OpenSSL 3 takes any text for base64',
  },
};
