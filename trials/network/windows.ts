import { strict as assert } from 'node:assert';
import { checkDone, checkNothingHalf, checkRefused } from '../checks.ts';
import {
  both,
  isBlobGet,
  isManifestPut,
  isOras,
  isTagRead,
  isUploadPost,
  type RetryAfter,
  type Which,
  window,
} from '../faults.ts';
import { makeShim, type Shim } from '../oras-shim.ts';
import type { Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, refused, type Size, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();

/** What begins a window, at which end. */
const beginnings: readonly (readonly [string, 'source' | 'target', Which, readonly Verb[]])[] = [
  ['at the blobs of oras', 'source', both(isBlobGet, isOras), ['mirror']],
  ['at an upload', 'target', isUploadPost, ['mirror', 'load']],
  ['at the first question', 'source', isTagRead, ['mirror', 'create']],
  ['at our blobs', 'source', both(isBlobGet, (request) => !isOras(request)), ['mirror', 'create']],
  ['at a manifest', 'target', isManifestPut, ['mirror', 'load']],
];

const forms: readonly RetryAfter[] = ['seconds', 'date', '3600', 'absent'];

/** Requests to a host that said nothing of when to come back: each wait is longer than the one before. */
const mostUntold = 6;

export const t20: Trial = {
  id: 'T20',
  title:
    '429: the host is left alone for as long as it says, by us and by every oras started since',
  star: true,
  cases: (size) => {
    const all = beginnings.flatMap(([where, side, which, verbs]) =>
      verbs.flatMap((verb) =>
        forms.map((form) => windowCase(where, side, which, verb, form, size)),
      ),
    );
    return size === 'smoke' ? all.filter((_, at) => [0, 5, 14].includes(at)) : all;
  },
  close: sites.close,
};

function windowCase(
  where: string,
  side: 'source' | 'target',
  which: Which,
  verb: Verb,
  form: RetryAfter,
  size: Size,
): Case {
  const seconds = size === 'full' ? 20 : 2;
  return {
    name: `${verb}, ${where}, Retry-After ${form}`,
    run: async () => {
      const shim = await makeShim();
      return leftAlone(side, which, verb, form, seconds, shim).finally(shim.remove);
    },
  };
}

async function leftAlone(
  side: 'source' | 'target',
  which: Which,
  verb: Verb,
  form: RetryAfter,
  seconds: number,
  shim: Shim,
): Promise<Verdict> {
  const site = await sites.at('distribution');
  const closed = window(which, form === '3600' ? 3600 : seconds, form);
  const { front } = site[side];
  front.rules.push(closed.rule);
  const ended = await site.runWith({ env: shim.env }, verb);
  const { ours, oras } = closed.late();
  assert.ok(closed.hits() > 0, 'no window');
  assert.ok(
    ours <= (form === 'absent' ? mostUntold : 1),
    `${ours} of our requests came in the window`,
  );
  const starts = (await shim.starts()).filter(
    ({ at, words }) => closed.held(at) && words.includes(front.host),
  );
  assert.deepEqual(starts, [], 'an oras was started in the window');
  const figures = {
    [form === 'absent' ? 'ours, Retry-After absent' : 'ours in a window']: ours,
    'of oras that ran before': oras,
  };
  if (form !== '3600') return checkDone(site, verb, ended).then(() => survived(figures));
  checkRefused(ended, 9, /run again in 3[56]\d\d s to resume/);
  await checkNothingHalf(site, verb);
  return refused(figures);
}
