import type { Problem } from '../plan/problem.ts';
import { count } from '../report/units.ts';
import type { Report, Signature, Sums, Verdict } from './report.ts';

interface Judged
  extends Pick<
    Report,
    'verb' | 'bundle' | 'target' | 'signature' | 'overrides' | 'sums' | 'errors'
  > {
  readonly problems: readonly Problem[] | undefined;
}

/** What somebody who reads no further has to know. */
export function verdictOf(judged: Judged): Verdict {
  const points = [
    ...failurePoints(judged),
    ...leftPoints(judged),
    ...signaturePoints(judged),
    ...bundlePoints(judged),
    ...problemPoints(judged),
    ...overridePoints(judged),
  ];
  return {
    state: worst(points),
    title: titleOf(judged),
    points: points.map(({ message }) => message),
  };
}

export interface Point {
  readonly state: Verdict['state'];
  readonly message: string;
}

function point(state: Verdict['state'], message: string): Point {
  return { state, message };
}

export function worst(points: readonly Point[]): Verdict['state'] {
  const has = (state: Verdict['state']) => points.some((one) => one.state === state);
  if (has('bad')) return 'bad';
  return has('attention') ? 'attention' : 'good';
}

function titleOf({ verb, bundle, target, signature, sums, errors }: Judged): string {
  const what = `${bundle.name} ${bundle.version}`;
  if (verb === 'inspect') return `${what}: what the bundle says of itself`;
  const failed = sums.states?.failed ?? 0;
  if (failed > 0) return `${what}: ${failed} of ${count(sums.placements, 'placement')} FAILED`;
  if (errors.length > 0) return `${what}: FAILED`;
  if (verb === 'create') {
    return signature.state === 'signed' ? `${what}: signed bundle` : `${what}: NOT SIGNED`;
  }
  return `${what}: ${placedWords(sums)} in ${target.path}`;
}

/** Of a run that had no failure. */
function placedWords(sums: Sums): string {
  const { images, leftOut, placements } = sums;
  const others = ofOtherRuns(sums);
  if (others > 0) return `${placements - others} of ${count(placements, 'placement')} are`;
  return leftOut > 0 ? `${images - leftOut} of ${count(images, 'image')} are` : 'every image is';
}

/** Placements that another run has to make: this one carried out a shard of the plan. */
function ofOtherRuns({ placements, states }: Sums): number {
  if (!states) return 0;
  return placements - Object.values(states).reduce((sum, some) => sum + some, 0);
}

function leftPoints({ sums }: Judged): Point[] {
  const others = ofOtherRuns(sums);
  const { leftOut } = sums;
  return [
    ...(others > 0
      ? [
          point(
            'attention',
            `a shard of the plan: ${count(others, 'placement')} left to other runs`,
          ),
        ]
      : []),
    ...(leftOut > 0
      ? [
          point(
            'attention',
            `left out, as no rule of the map covers it: ${count(leftOut, 'image')}`,
          ),
        ]
      : []),
  ];
}

function failurePoints({ sums, errors }: Judged): Point[] {
  const failed = sums.states?.failed ?? 0;
  if (failed + errors.length === 0) return [];
  const what = failed > 0 ? `${count(failed, 'placement')} failed` : 'something failed';
  return [point('bad', `${what}: see what failed; the same command goes on where it stopped`)];
}

const notSigned = 'NOT SIGNED: nobody can tell who made it';

const signatureWords: Readonly<
  Record<Signature['state'], (keyId: string | null) => Point | undefined>
> = {
  signed: (keyId) => point('good', `signed by key ${keyId}`),
  verified: (keyId) => point('good', `the signature of key ${keyId} holds`),
  unsigned: () => point('bad', notSigned),
  unchecked: () => point('attention', 'signed, but by whom was not checked: no key was given'),
  'other-key': () => point('bad', 'signed, but NOT by a key that was given'),
  revoked: (keyId) => point('bad', `signed by key ${keyId}, which is REVOKED`),
  'no-bundle': () => undefined,
};

function signaturePoints({ signature: { state, keyId }, verb }: Judged): Point[] {
  const words = signatureWords[state](keyId);
  const unread = point(
    'attention',
    'its contents were not verified: airgap-bundle verify does that',
  );
  return [...(words ? [words] : []), ...(verb === 'inspect' ? [unread] : [])];
}

/** That nobody signed it is said already. */
function overridePoints({ overrides }: Judged): Point[] {
  const others = overrides.filter(({ kind }) => kind !== 'unsigned');
  return others.map(({ message }) => point('attention', message));
}

function bundlePoints({ bundle, verb }: Judged): Point[] {
  const { isExpired, expiresAt, carries, base } = bundle;
  const isInstalled = verb === 'load';
  return [
    ...(isExpired ? [point('bad', `EXPIRED on ${expiresAt}`)] : []),
    ...(carries === 'delta' && base && !isInstalled
      ? [point('attention', `a delta: ${base.name} ${base.version} must be in the target first`)]
      : []),
    ...(carries === 'none' && !isInstalled
      ? [point('attention', 'a light bundle: its images must be in the target already')]
      : []),
  ];
}

function problemPoints({ problems, verb }: Judged): Point[] {
  if (!problems) return [];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  if (errors > 0) return [point('bad', `${count(errors, 'error')} in the plan`)];
  if (warnings > 0)
    return [point('attention', `${count(warnings, 'warning')} when it was planned`)];
  return verb === 'create' || verb === 'mirror'
    ? [point('good', 'no problem found in the plan')]
    : [];
}
