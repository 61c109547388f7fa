/** Waits that last a minute or ten in earnest, made short. */

/** Seconds without a byte after which a body counts as stalled. */
export const stallSeconds = 1.5;

/** Environment of every run. */
export const shortStall: Readonly<Record<string, string>> = {
  AIRGAP_BUNDLE_STALL_SECONDS: String(stallSeconds),
};

/** Flags that give up after so many seconds without success. */
export const retryBudget = (seconds: number): string[] => ['--retry-budget', `${seconds}s`];
