import { strict as assert } from 'node:assert';
import type { FrontAnswer } from '../../test/helpers/proxy.ts';
import { checkDone } from '../checks.ts';
import {
  fault,
  isManifestPut,
  isMount,
  isOras,
  isUploadPost,
  isUploadPut,
  type Which,
} from '../faults.ts';
import type { Site, Verb } from '../site.ts';
import { tokenGate } from '../tokens.ts';
import { notApplicable, survived, type Trial, type Verdict } from '../trial.ts';
import { timesSent } from './bodies.ts';
import { pushCases, pushSites } from './push-cases.ts';

const pushFaults: Readonly<Record<string, readonly [Which, FrontAnswer]>> = {
  'PUT 503': [isUploadPut, { status: 503 }],
  'upload cut': [isUploadPut, { sentCutAfter: 100 }],
  'POST reset': [isUploadPost, 'reset'],
  'ack lost': [isUploadPut, { isAckLost: true }],
  'manifest PUT 503': [isManifestPut, { status: 503 }],
  'manifest ack lost': [isManifestPut, { isAckLost: true }],
  'mount reset': [isMount, 'reset'],
  'mount ack lost': [isMount, { isAckLost: true }],
};

const allAtOnce = 'all of them in one run';

/** Each once at our client and once at oras, where they do it. */
export const t27: Trial = {
  id: 'T27',
  title: 'faults of pushes: done, digests equal, each blob sent at most twice',
  star: true,
  cases: (size) => {
    const names = [...Object.keys(pushFaults), '401 at PUT', allAtOnce];
    const all = pushCases(size, names, pushThrough);
    return size === 'smoke' ? all.filter(({ name }) => /all of them/.test(name)) : all;
  },
  close: pushSites.close,
};

async function pushThrough(site: Site, verb: Verb, name: string): Promise<Verdict> {
  const { front } = site.target;
  const faults = Object.entries(pushFaults)
    .filter(([key]) => name === key || name === allAtOnce)
    .flatMap(([, [which, answer]]) => [
      fault((request) => which(request) && isOras(request), answer),
      fault((request) => which(request) && !isOras(request), answer),
    ]);
  if (name === '401 at PUT' || name === allAtOnce) {
    const tokens = tokenGate(`http://${front.host}/token`);
    const expired = fault(isUploadPut, () => {
      tokens.expire();
      return { status: 401, headers: { 'www-authenticate': tokens.challenge } };
    });
    faults.push(expired, tokens);
  }
  front.rules.push(...faults.map(({ rule }) => rule));
  await checkDone(site, verb, await site.run(verb));
  const hits = faults.reduce((sum, made) => sum + made.hits(), 0);
  if (hits === 0) return notApplicable;
  const most = Math.max(...timesBegun(site).values());
  assert.ok(most <= (name === allAtOnce ? 5 : 2), `a blob was sent ${most} times`);
  return survived({
    [name === allAtOnce ? 'times a blob was sent, all faults in one run' : 'times a blob was sent']:
      most,
  });
}

/** How often the sending of each blob began, by `repository@digest`. */
function timesBegun({ target }: Site): ReadonlyMap<string, number> {
  const requests = target.front.requests.map((request) =>
    isUploadPut(request) ? { ...request, status: 201 } : request,
  );
  return timesSent({ ...target.front, requests });
}
