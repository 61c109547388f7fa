import type { Check } from '../doctor/check.ts';
import { exitCodes } from './error.ts';
import { safeText } from './safe.ts';
import { count } from './units.ts';

/** More of one check than this is for `--output json`. */
const maxLines = 12;

const marks = {
  ok: 'ok     ',
  warning: 'warning',
  failure: 'FAILURE',
  skipped: 'skipped',
} as const;

/** A block a check: status, name, what was seen, what to do; and how many there are of each. */
export function doctorText(checks: readonly Check[]): string {
  return [...checks.map(checkText), '', sums(checks)].join('\n');
}

/** A failure that was found is one of the cluster; a check that could not be made is none. */
export function doctorExitCode(checks: readonly Check[]): number {
  return checks.some(({ status }) => status === 'failure') ? exitCodes.cluster : 0;
}

function checkText({ check, status, evidence, cure }: Check): string {
  const [first = '', ...others] = evidence.split('\n');
  const shown = others.slice(0, maxLines);
  const left = others.length - shown.length;
  const lines = [
    ...shown,
    ...(left > 0 ? [`and ${count(left, 'more line')}: --output json has all`] : []),
    ...(cure === '' ? [] : [`cure: ${cure}`]),
  ];
  const indented = lines.map((line) => `                             ${safeText(line)}`);
  return [`${marks[status]}  ${check.padEnd(18)}  ${safeText(first)}`, ...indented].join('\n');
}

function sums(checks: readonly Check[]): string {
  const of = (status: Check['status']) => checks.filter((one) => one.status === status).length;
  const found = [count(of('failure'), 'failure'), count(of('warning'), 'warning')];
  return `${count(checks.length, 'check')}: ${of('ok')} ok, ${found.join(', ')}, ${of('skipped')} skipped`;
}
