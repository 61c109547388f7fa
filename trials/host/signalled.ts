import { strict as assert } from 'node:assert';
import { constants } from 'node:os';
import type { Ended, Outcome } from '../../test/helpers/job.ts';
import { checkDone, checkNothingHalf } from '../checks.ts';
import type { Random } from '../random.ts';
import { afterRequests, groupOf, isThere, orphansGone, start } from '../runs.ts';
import { type Site, type Verb, verbs } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, notApplicable, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof signals)[number];

/** Seconds from the signal until nobody of the run is there any more. */
const longestEnd = 5;

export const t36: Trial = {
  id: 'T36',
  title:
    'SIGINT, SIGTERM, SIGHUP at any request: children gone within 5 s, exit 128+n, told how to go on',
  star: false,
  cases: (size) => {
    const rounds = { smoke: 1, small: 2, full: 12 }[size];
    return Array.from({ length: rounds }, (_, round) =>
      verbs.flatMap((verb) => signals.map((signal) => signalCase(verb, signal, round))),
    ).flat();
  },
  close: sites.close,
};

function signalCase(verb: Verb, signal: Signal, round: number): Case {
  return {
    name: `${verb}, ${signal}, ${round + 1}`,
    seconds: 120,
    run: async (random) => stopped(await sites.at('distribution'), verb, signal, random),
  };
}

async function stopped(site: Site, verb: Verb, signal: Signal, random: Random): Promise<Verdict> {
  const running = await start(site, verb);
  let sentAt: number | undefined;
  const stop = afterRequests(site, random.below(verb === 'create' ? 12 : 40), async () => {
    sentAt = performance.now();
    process.kill(-(await groupOf(site)), signal);
  });
  const ended = await running.ended;
  const seconds = (performance.now() - (sentAt ?? 0)) / 1000;
  stop();
  const isLeft = isThere(-(await groupOf(site)));
  await orphansGone(site);
  await checkNothingHalf(site, verb);
  // It came too late, or never.
  const isStopped = sentAt !== undefined && ended.exitCode !== 0;
  if (isStopped) checkStopped(ended, signal);
  else assert.equal(ended.exitCode, 0, ended.stderr);
  await checkDone(site, verb, await site.run(verb));
  if (!isStopped) return notApplicable;
  assert.ok(seconds <= longestEnd, `it took ${seconds.toFixed(1)} s to end`);
  assert.ok(!isLeft, 'a child outlived the run');
  return survived({ 'seconds to end': seconds });
}

function checkStopped({ exitCode, stderr, json }: Ended<Outcome>, signal: Signal): void {
  assert.equal(exitCode, 128 + constants.signals[signal], stderr);
  assert.match(stderr, new RegExp(`interrupted by ${signal}: run again to go on`));
  assert.equal(json.errors[0]?.class, 'interrupted');
}
