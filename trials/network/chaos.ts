import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrontAnswer, FrontProxy, FrontRule } from '../../test/helpers/proxy.ts';
import { checkDone, checkNothingHalf } from '../checks.ts';
import type { Random } from '../random.ts';
import { type Kind, kinds } from '../registries.ts';
import { killedAt, orphansGone, start, type Victim } from '../runs.ts';
import { type Site, type Verb, verbs } from '../site.ts';
import { Sites } from '../sites.ts';
import { tokenGate } from '../tokens.ts';
import { type Case, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();

/** Runs that it may take, of which so many may be killed. */
const mostRuns = 8;
const mostKills = 3;
const faultEvery = 20;

/** A random fault every 20 requests, and kills at random points: in the end all is there, and on the way nothing is half. */
export const chaos: Trial = {
  id: 'chaos',
  title:
    'a random fault every 20 requests, kills at random points: nothing lost, nothing half, no false "done"',
  star: true,
  cases: (size) => {
    const count = { smoke: 6, small: 36, full: 200 }[size];
    return Array.from({ length: count }, (_, at) => chaosCase(at));
  },
  close: sites.close,
};

function chaosCase(at: number): Case {
  const round = Math.floor(at / kinds.length);
  const verb = verbs[(at + round) % verbs.length] as Verb;
  const kind = kinds[at % kinds.length] as Kind;
  return {
    name: `${at + 1}: ${verb}, ${kind}`,
    seconds: 240,
    run: async (random) => rage(await sites.at(kind), verb, random),
  };
}

async function rage(site: Site, verb: Verb, random: Random): Promise<Verdict> {
  const faults = [site.source.front, site.target.front].map((front) => disturb(front, random));
  for (let runs = 1; runs <= mostRuns; runs++) {
    const exitCode = await oneRun(site, verb, random, runs <= mostKills);
    if (exitCode === 0) {
      await checkDone(site, verb, { exitCode, stderr: '', stdout: '', json: {} as never });
      return survived({ runs, 'faults in a case': faults.reduce((sum, hits) => sum + hits(), 0) });
    }
    await checkNothingHalf(site, verb);
  }
  throw new Error(`not done after ${mostRuns} runs`);
}

/** Resolves to its exit code; a run that was not killed says that it may be run again. */
async function oneRun(site: Site, verb: Verb, random: Random, mayKill: boolean): Promise<number> {
  if (mayKill && random.chance(0.6)) {
    const whom: Victim = random.chance(0.5) ? 'group' : 'program';
    const ended = await killedAt(site, verb, random.below(verb === 'create' ? 25 : 90), whom);
    return ended.stdout === '' ? 137 : ended.exitCode;
  }
  const { ended } = await start(site, verb);
  const { exitCode, stderr } = await ended;
  await orphansGone(site);
  assert.ok([0, 5, 7, 9].includes(exitCode), `${verb} ended with ${exitCode}\n${stderr}`);
  return exitCode;
}

/** Returns what counts the faults that came. */
function disturb(front: FrontProxy, random: Random): () => number {
  const tokens = tokenGate(`http://${front.host}/token`);
  let hits = 0;
  const rule: FrontRule = async (request) => {
    if (request.path.startsWith('/token') || !random.chance(1 / faultEvery)) return undefined;
    hits++;
    const answer = randomFault(random, request.method === 'GET');
    if (answer === 'expired') tokens.expire();
    else if (answer === 'late') await sleep(50 + random.below(250));
    else return answer;
    return undefined;
  };
  front.rules.push(rule, tokens.rule);
  return () => hits;
}

function randomFault(random: Random, hasBody: boolean): FrontAnswer | 'expired' | 'late' {
  const anywhere = [
    'reset',
    'expired',
    'late',
    { isAckLost: true },
    { status: 429, headers: { 'retry-after': String(random.below(2)) } },
    { status: random.pick([500, 502, 503, 504]) },
  ] as const;
  const inBodies = [
    { cutAfter: random.below(2_000) },
    { endAfter: random.below(200) },
    { flipAt: random.below(200) },
  ] as const;
  return random.pick([...anywhere, ...(hasBody ? inBodies : [])]);
}
