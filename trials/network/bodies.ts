import { strict as assert } from 'node:assert';
import type { FrontAnswer, FrontProxy, FrontRequest } from '../../test/helpers/proxy.ts';
import { checkDone, checkNothingHalf, checkRefused } from '../checks.ts';
import {
  blobOf,
  both,
  fault,
  isBlobGet,
  isManifestGet,
  isOras,
  isUploadPut,
  type Which,
} from '../faults.ts';
import { retryBudget } from '../knobs.ts';
import { orphans } from '../orphans.ts';
import type { Site, Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { tokenGate } from '../tokens.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();

const isOurs: Which = (request) => !isOras(request);
const isLayerOf = (which: Which): Which => both(isBlobGet, which);

const cuts: Readonly<Record<string, readonly [FrontAnswer, number]>> = {
  'cut three times': [{ cutAfter: 50_000 }, 3],
  '503 twice': [{ status: 503 }, 2],
  reset: ['reset', 1],
  truncated: [{ endAfter: 50_000 }, 1],
};

/** Of a body that breaks, what was whole by then is not asked for again. */
export const t21: Trial = {
  id: 'T21',
  title:
    'a body that is cut, reset, truncated or refused for a while; what was finished is not fetched again',
  star: false,
  cases: () =>
    (['mirror', 'create'] as const).flatMap((verb) =>
      Object.entries(cuts).map(([name, [answer, times]]) => ({
        name: `${verb}: ${name}`,
        run: async () => broken(await sites.at('distribution'), verb, answer, times),
      })),
    ),
  close: sites.close,
};

async function broken(
  site: Site,
  verb: Verb,
  answer: FrontAnswer,
  times: number,
): Promise<Verdict> {
  const made = fault(isLong(site), answer, times);
  const victims = new Set<string | undefined>();
  site.source.front.rules.push((request) => {
    const given = made.rule(request);
    if (given !== undefined) victims.add(blobOf(request));
    return given;
  });
  const ended = await site.run(verb);
  assert.equal(made.hits(), times);
  await checkDone(site, verb, ended);
  const again = [...timesFetched(site.source.front)].filter(
    ([digest, count]) => count > 1 && !victims.has(digest),
  );
  // oras fetches the other blobs of its image again where they had not arrived yet.
  if (verb === 'create') assert.deepEqual(again, [], 'fetched again');
  const sent = timesSent(site.target.front);
  assert.ok(
    [...sent.values()].every((count) => count === 1),
    'sent again',
  );
  return survived();
}

/** A blob of more than 100 KiB. */
function isLong({ inventory }: Site): Which {
  const long = new Set(
    inventory.blobs.filter(({ size }) => size > 100_000).map(({ digest }) => digest),
  );
  return (request) => isBlobGet(request) && long.has(blobOf(request) ?? '');
}

/** How often each blob was asked for and begun to be given. */
function timesFetched({ requests }: FrontProxy): ReadonlyMap<string, number> {
  return counted(requests.filter((request) => isBlobGet(request) && request.status === 200));
}

/** How often each blob was taken, by `repository@digest`. */
export function timesSent({ requests }: FrontProxy): ReadonlyMap<string, number> {
  return counted(
    requests.filter((request) => isUploadPut(request) && request.status === 201),
    ({ path }) => `${/^\/v2\/(.+)\/blobs\//.exec(path)?.[1]}@`,
  );
}

function counted(
  requests: readonly FrontRequest[],
  prefix: (request: FrontRequest) => string = () => '',
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) {
    const name = `${prefix(request)}${blobOf(request)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** What stands still, in the proxy of which end. */
const stalls: readonly (readonly [
  string,
  'source' | 'target',
  readonly Verb[],
  Which,
  FrontAnswer | (() => Promise<never>),
])[] = [
  ['a body, ours', 'source', ['mirror', 'create'], isLayerOf(isOurs), { stallAfter: 100 }],
  ['a body, of oras', 'source', ['mirror'], isLayerOf(isOras), { stallAfter: 100 }],
  ['a body before its first byte', 'source', ['create'], isLayerOf(isOurs), { stallAfter: 0 }],
  ['a manifest', 'source', ['mirror', 'create'], isManifestGet, { stallAfter: 10 }],
  ['an answer', 'source', ['mirror', 'create'], isLayerOf(isOurs), never],
  [
    'an upload of oras',
    'target',
    ['mirror', 'load'],
    both(isUploadPut, isOras),
    { sentStallAfter: 10 },
  ],
  ['an answer to oras', 'target', ['mirror', 'load'], both(isUploadPut, isOras), never],
  ['a token', 'source', ['mirror', 'create'], ({ path }) => path.startsWith('/token'), never],
  ['a token of the target', 'target', ['load'], ({ path }) => path.startsWith('/token'), never],
];

async function never(): Promise<never> {
  return new Promise(() => {});
}

export const t22: Trial = {
  id: 'T22',
  title:
    'what stands still is ended and tried again; for ever, it ends within the budget, no process left',
  star: true,
  cases: (size) => {
    const all = stalls.flatMap(([name, side, which, request, answer]) =>
      which.flatMap((verb) => [
        stallCase(`${verb}: ${name}, once`, verb, side, request, answer, 1),
        stallCase(
          `${verb}: ${name}, for ever`,
          verb,
          side,
          request,
          answer,
          Number.POSITIVE_INFINITY,
        ),
      ]),
    );
    return size === 'smoke' ? all.filter((_, at) => [5, 14].includes(at)) : all;
  },
  close: sites.close,
};

function stallCase(
  name: string,
  verb: Verb,
  side: 'source' | 'target',
  which: Which,
  answer: FrontAnswer | (() => Promise<never>),
  times: number,
): Case {
  const run = async () => {
    const site = await sites.at('distribution');
    const { front } = site[side];
    let hits = 0;
    front.rules.push((request) => {
      if (!which(request) || hits >= times) return undefined;
      hits++;
      if (typeof answer === 'function') return answer();
      // What goes on from there gets no further.
      return request.headers.range === undefined ? answer : { stallAfter: 0 };
    });
    if (name.includes('token')) front.rules.push(tokenGate(`http://${front.host}/token`).rule);
    const ended = await site.run(verb, ...(times === 1 ? [] : retryBudget(4)));
    assert.ok(hits > 0, 'nothing stood still');
    assert.deepEqual(await orphans(site.job.folder), [], 'processes are left');
    if (times === 1) return checkDone(site, verb, ended).then(() => survived());
    checkRefused(ended, 9);
    await checkNothingHalf(site, verb);
    return refused();
  };
  return { name, run };
}

const flips: readonly (readonly [
  string,
  'source' | 'target',
  readonly Verb[],
  Which,
  FrontAnswer,
])[] = [
  ['a blob, ours', 'source', ['mirror', 'create'], isLayerOf(isOurs), { flipAt: 100 }],
  ['a blob, of oras', 'source', ['mirror'], isLayerOf(isOras), { flipAt: 100 }],
  ['a manifest', 'source', ['mirror', 'create'], isManifestGet, { flipAt: 30 }],
  [
    'what is sent',
    'target',
    ['mirror', 'load'],
    isUploadPut,
    { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID","message":"not the digest"}]}' },
  ],
];

export const t23: Trial = {
  id: 'T23',
  title: 'a bit that flips once is mended, one that always flips is told; wrong bytes stay nowhere',
  star: false,
  cases: () =>
    flips.flatMap(([name, side, which, request, answer]) =>
      which.flatMap((verb) =>
        [1, Number.POSITIVE_INFINITY].map((times) => ({
          name: `${verb}: ${name}, ${times === 1 ? 'once' : 'always'}`,
          run: async () =>
            flipped(await sites.at('distribution'), verb, side, request, answer, times),
        })),
      ),
    ),
  close: sites.close,
};

async function flipped(
  site: Site,
  verb: Verb,
  side: 'source' | 'target',
  which: Which,
  answer: FrontAnswer,
  times: number,
): Promise<Verdict> {
  const made = fault(which, answer, times);
  site[side].front.rules.push(made.rule);
  const ended = await site.run(verb);
  assert.ok(made.hits() > 0, 'nothing flipped');
  if (times === 1) return checkDone(site, verb, ended).then(() => survived());
  checkRefused(ended, 5);
  await checkNothingHalf(site, verb);
  return refused();
}
