import { isForbidden } from '../cluster/tools.ts';
import { type AirgapError, failuresIn } from '../report/error.ts';

/** One question that `doctor` asks, and what came of it. */
export interface Check {
  /** Its name, which never changes: `webhook-service`. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failure' | 'skipped';
  /** What was seen, in words; may have several lines. Never a secret. */
  readonly evidence: string;
  /** What to do about it; empty where there is nothing to do. */
  readonly cure: string;
}

/** A check that still needs its name. */
export type Finding = Omit<Check, 'check'>;

export const ok = (evidence: string): Finding => ({ status: 'ok', evidence, cure: '' });
export const warning = (evidence: string, cure: string): Finding => ({
  status: 'warning',
  evidence,
  cure,
});
export const failure = (evidence: string, cure: string): Finding => ({
  status: 'failure',
  evidence,
  cure,
});
export const skipped = (evidence: string, cure = ''): Finding => ({
  status: 'skipped',
  evidence,
  cure,
});

/** Runs a check. Whoever may not look has learned nothing; any other failure is the check's own. */
export async function check(name: string, look: () => Finding | Promise<Finding>): Promise<Check> {
  try {
    return { check: name, ...(await look()) };
  } catch (error) {
    const [first] = failuresIn(error);
    if (first === undefined || first.class === 'tool') throw error;
    return { check: name, ...findingOf(first) };
  }
}

/** Checks that have nothing to look at. */
export function skipAll(names: readonly string[], why: string): Check[] {
  return names.map((name) => ({ check: name, ...skipped(why) }));
}

function findingOf(error: AirgapError): Finding {
  const evidence = [error.message, error.given].filter(Boolean).join(': ');
  return isForbidden(error)
    ? skipped(evidence, 'let an admin grant it: the ClusterRole in docs/doctor.md is enough')
    : failure(evidence, error.next ?? '');
}
