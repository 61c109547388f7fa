import { strict as assert } from 'node:assert';
import { pushImage } from '../../test/helpers/images.ts';
import type { FrontAnswer } from '../../test/helpers/proxy.ts';
import { checkDone, checkRefused } from '../checks.ts';
import { fault, isManifestPut, isTagPut } from '../faults.ts';
import type { Site, Verb } from '../site.ts';
import { refused, survived, type Trial, type Verdict } from '../trial.ts';
import { always, othersDone, pushCases, pushSites } from './push-cases.ts';

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
      ...pushCases(
        size,
        Object.keys(immutable).map((how) => `same digest, ${how}`),
        sameAgain,
      ),
      ...pushCases(
        size,
        Object.keys(immutable).map((how) => `other digest, ${how}`),
        otherDigest,
      ),
    ];
    return size === 'smoke'
      ? all.filter(({ name }) => /mirror: same.*412|load: other.*412/.test(name))
      : all;
  },
  close: pushSites.close,
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
