import { strict as assert } from 'node:assert';
import type { FrontAnswer, FrontRequest } from '../../test/helpers/proxy.ts';
import { checkDone, checkNothingHalf, checkRefused } from '../checks.ts';
import { fault, isManifestPut, isUploadPost, isUploadPut, type Which } from '../faults.ts';
import type { Site, Verb } from '../site.ts';
import { notApplicable, refused, type Trial, type Verdict } from '../trial.ts';
import { always, othersDone, pushCases, pushSites } from './push-cases.ts';

const permanent: Readonly<Record<string, FrontAnswer>> = {
  'repository missing': {
    status: 404,
    body: '{"errors":[{"code":"NAME_UNKNOWN","message":"create it first"}]}',
  },
  'quota 403': { status: 403, body: '{"errors":[{"code":"DENIED","message":"quota exceeded"}]}' },
  'too large 413': {
    status: 413,
    body: '<html>too large</html>',
    headers: { 'content-type': 'text/html' },
  },
  'no room 507': { status: 507, body: '' },
};

/** What answers so: the opening of an upload, the bytes themselves, the manifest. */
const refusing: Readonly<Record<string, Which>> = {
  'at POST': isUploadPost,
  'at PUT': isUploadPut,
  'at the manifest': isManifestPut,
};

export const t29: Trial = {
  id: 'T29',
  title:
    'refused for good: at most two requests a repository, all other images are done, every failure is told',
  star: false,
  cases: (size) => {
    const names = Object.keys(permanent).flatMap((what) =>
      Object.keys(refusing).map((where) => `${what} ${where}`),
    );
    return pushCases(size, names, refusedForGood);
  },
  close: pushSites.close,
};

async function refusedForGood(site: Site, verb: Verb, name: string): Promise<Verdict> {
  const answer = Object.entries(permanent).find(([what]) => name.startsWith(what))?.[1];
  const which = Object.entries(refusing).find(([where]) => name.endsWith(where))?.[1];
  if (answer === undefined || which === undefined) throw new Error(name);
  const repository = 'm/quay.io/b/wide';
  const isThere = ({ path }: FrontRequest) => path.startsWith(`/v2/${repository}/`);
  const closed = fault((request) => which(request) && isThere(request), answer, always);
  site.target.front.rules.push(closed.rule);
  const ended = await site.run(verb);
  if (closed.hits() === 0) return checkDone(site, verb, ended).then(() => notApplicable);
  checkRefused(ended, 8, /b\/wide/);
  await checkNothingHalf(site, verb);
  await othersDone(site, verb, repository);
  assert.ok(closed.hits() <= 2, `${closed.hits()} requests were refused`);
  return refused({ 'requests refused for good in a repository': closed.hits() });
}
