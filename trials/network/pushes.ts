import { strict as assert } from 'node:assert';
import { pushImage } from '../../test/helpers/images.ts';
import type { FrontAnswer, FrontRequest, FrontRule } from '../../test/helpers/proxy.ts';
import { checkDone, checkEndState, checkNothingHalf, checkRefused } from '../checks.ts';
import {
  type Fault,
  fault,
  isManifestPut,
  isMount,
  isOras,
  isPatch,
  isTagPut,
  isUploadPost,
  isUploadPut,
  type Which,
} from '../faults.ts';
import { type Kind, kinds } from '../registries.ts';
import type { Site, Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { tokenGate } from '../tokens.ts';
import {
  type Case,
  notApplicable,
  refused,
  type Size,
  survived,
  type Trial,
  type Verdict,
} from '../trial.ts';
import { timesSent } from './bodies.ts';

/** oras gives up only after some waits of its own, which are no stall. */
const sites = new Sites({ env: { AIRGAP_BUNDLE_STALL_SECONDS: '30' } });
const pushing = ['mirror', 'load'] as const;

const kindsOf = (size: Size): readonly Kind[] => (size === 'full' ? kinds : ['distribution']);

function casesOf(
  size: Size,
  names: readonly string[],
  run: (site: Site, verb: Verb, name: string) => Promise<Verdict>,
): Case[] {
  return kindsOf(size).flatMap((kind) =>
    pushing.flatMap((verb) =>
      names.map((name) => ({
        name: `${verb}: ${name}, ${kind}`,
        run: async () => run(await sites.at(kind), verb, name),
      })),
    ),
  );
}

const always = Number.POSITIVE_INFINITY;

const manners: Readonly<Record<string, (site: Site) => Fault>> = {
  'HEAD is not allowed': () =>
    fault(
      ({ method, path }) => method === 'HEAD' && path.includes('/manifests/'),
      { status: 405 },
      always,
    ),
  'a mount opens an upload': ({ target }) => answeredByUpload(target.registry.host),
  'a mount is answered 403': () => fault(isMount, { status: 403, body: denied }, always),
  'a mount is answered 404': () => fault(isMount, { status: 404 }, always),
  'no referrers': () => fault(({ path }) => path.includes('/referrers/'), { status: 404 }, always),
  'PATCH is answered 416': () => fault(isPatch, { status: 416 }, always),
  'DELETE of an upload is not allowed': () =>
    fault(({ method }) => method === 'DELETE', { status: 405 }, always),
};

const denied = '{"errors":[{"code":"DENIED","message":"no"}]}';

export const t26: Trial = {
  id: 'T26',
  title: 'registries that refuse HEAD, mounts, PATCH, DELETE or know no referrers',
  star: false,
  cases: (size) =>
    casesOf(size, Object.keys(manners), async (site, verb, name) => {
      const made = manners[name]?.(site);
      if (made === undefined) throw new Error(name);
      site.target.front.rules.push(made.rule);
      await checkDone(site, verb, await site.run(verb));
      return made.hits() === 0 ? notApplicable : survived();
    }),
  close: sites.close,
};

/** As ECR and others do: 202 and a session, nothing mounted. */
function answeredByUpload(registry: string): Fault {
  let hits = 0;
  const rule: FrontRule = async (request) => {
    if (!isMount(request)) return undefined;
    hits++;
    const { method, path } = request;
    const opened = await fetch(`http://${registry}${path.replace(/\?.*/, '')}`, { method });
    const location = new URL(opened.headers.get('location') ?? '', `http://${registry}`);
    return { status: 202, headers: { location: location.pathname + location.search } };
  };
  return { rule, hits: () => hits };
}

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
    const all = casesOf(size, names, pushThrough);
    return size === 'smoke' ? all.filter(({ name }) => /all of them/.test(name)) : all;
  },
  close: sites.close,
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

const immutable: Readonly<Record<string, FrontAnswer>> = {
  'answered 412': {
    status: 412,
    body: '{"errors":[{"code":"DENIED","message":"tag is immutable"}]}',
  },
  'answered 409': {
    status: 409,
    body: '{"errors":[{"code":"TAG_IMMUTABLE","message":"tag is immutable"}]}',
  },
  'answered 400': {
    status: 400,
    body: '{"errors":[{"code":"TAG_INVALID","message":"cannot be overwritten"}]}',
  },
};

/** A registry whose tags stay what they are. */
export const t28: Trial = {
  id: 'T28',
  title:
    'immutable tags: the same digest is left alone, another one is refused with both, nothing overwritten',
  star: true,
  cases: (size) => {
    const all = [
      ...casesOf(
        size,
        Object.keys(immutable).map((how) => `same digest, ${how}`),
        sameAgain,
      ),
      ...casesOf(
        size,
        Object.keys(immutable).map((how) => `other digest, ${how}`),
        otherDigest,
      ),
    ];
    return size === 'smoke'
      ? all.filter(({ name }) => /mirror: same.*412|load: other.*412/.test(name))
      : all;
  },
  close: sites.close,
};

const answerOf = (name: string): FrontAnswer => {
  const found = Object.entries(immutable).find(([how]) => name.endsWith(how));
  if (found === undefined) throw new Error(name);
  return found[1];
};

async function sameAgain(site: Site, verb: Verb, name: string): Promise<Verdict> {
  await checkDone(site, verb, await site.run(verb));
  site.target.front.clear();
  const locked = fault(isTagPut, answerOf(name), always);
  site.target.front.rules.push(locked.rule);
  await checkDone(site, verb, await site.run(verb));
  const puts = site.target.front.requests.filter(isManifestPut).length;
  assert.equal(puts, 0, 'manifests were put');
  return survived({ 'manifest PUTs, same digest': puts });
}

async function otherDigest(site: Site, verb: Verb, name: string): Promise<Verdict> {
  const { registry, front } = site.target;
  const taken = 'm/quay.io/a/big';
  const there = await pushImage(registry.host, taken, '1', { layers: ['something else'] });
  const locked = fault(
    (request) => isTagPut(request) && request.path.includes(taken),
    answerOf(name),
    always,
  );
  front.rules.push(locked.rule);
  const ended = await site.run(verb);
  checkRefused(ended, 8, new RegExp(there.digest));
  const wanted = site.inventory.images.find(({ source }) => source.includes('a/big'))?.digest ?? '';
  assert.ok(JSON.stringify(ended.json.errors).includes(wanted), 'the digest wanted is not named');
  await othersDone(site, verb, taken, there.digest);
  return refused({ 'PUTs of a tag that is taken': locked.hits() });
}

/** All images but the one are placed; that one is what it was. */
async function othersDone(site: Site, verb: Verb, repository: string, is?: string): Promise<void> {
  const images = site.inventory.images.map((image) => ({
    ...image,
    ...(is !== undefined &&
      image.placements.some(({ reference }) => reference.includes(repository)) && { digest: is }),
  }));
  const wanted = images.filter(
    ({ placements }) =>
      is !== undefined || !placements.some(({ reference }) => reference.includes(repository)),
  );
  await checkEndState({ ...site, inventory: { ...site.inventory, images: wanted } }, verb);
}

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
    return casesOf(size, names, refusedForGood);
  },
  close: sites.close,
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
