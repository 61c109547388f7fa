import { strict as assert } from 'node:assert';
import { checkDone, checkNothingHalf } from '../checks.ts';
import type { Random } from '../random.ts';
import { killedAt, type Victim } from '../runs.ts';
import { type Site, type Verb, verbs } from '../site.ts';
import { Sites } from '../sites.ts';
import {
  type Case,
  notApplicable,
  type Size,
  survived,
  type Trial,
  type Verdict,
} from '../trial.ts';
import { loadCase } from './loads.ts';
import { askedAgain, checkMade, checkNoLie, finished, sumOf } from './outcome.ts';
import { pointsOf, prepare, type ShapeName, shapes } from './points.ts';
import { type Change, changes, countOf, runWithFault } from './strace.ts';

const sites = new Sites();

/** More than that of what was finished is not asked for again, percent. */
const mostAgain = 5;

export const t35: Trial = {
  id: 'T35',
  title: 'kill -9 at every change of a file, and anywhere: the old result or one to go on with',
  star: true,
  cases: (size) => {
    const creates = shapes.flatMap((shape) => changes.map((call) => createCase(shape, call, size)));
    const loads = changes.map((call) => loadCase(sites, call, size, () => 'signal=KILL'));
    const random = { smoke: 2, small: 12, full: 200 }[size];
    const anywhere = Array.from({ length: random }, (_, at) => anywhereCase(at));
    if (size !== 'smoke') return [...creates, ...loads, ...anywhere];
    const chosen = [
      'create of a file: pwritev',
      'create of a file over a file: rename',
      'create of parts over parts: rename',
    ];
    return [...creates.filter(({ name }) => chosen.includes(name)), ...anywhere];
  },
  close: sites.close,
};

function createCase(shape: ShapeName, call: Change, size: Size): Case {
  return {
    name: `create of ${shape}: ${call}`,
    seconds: 600,
    run: async (random) => {
      const site = await sites.at('distribution');
      const { flags } = await prepare(site, shape);
      const points = pointsOf(await countOf(site, 'create', call, ...flags), size, random);
      const again: number[] = [];
      for (const at of points) again.push(...(await killedCreate(site, shape, call, at)));
      if (again.length === 0) return notApplicable;
      const missed = points.length - again.length;
      const most = Math.max(...again);
      return survived({ points: again.length, missed, '% of finished bytes fetched again': most });
    },
  };
}

/** @returns percent of finished bytes that were fetched again; nothing where the kill did not come */
async function killedCreate(
  site: Site,
  shape: ShapeName,
  call: Change,
  at: number,
): Promise<number[]> {
  const where = `${call} ${at}`;
  const { flags, older } = await prepare(site, shape);
  const killed = await runWithFault(site, 'create', { call, at, fault: 'signal=KILL' }, ...flags);
  // How many writes and notes of them it takes depends on how the bytes come in: the last ones may not be met.
  if (!killed.isHit && /^pwrite/.test(call)) return [];
  assert.ok(killed.isHit && killed.stdout === '', `${where}: it was not killed`);
  const sums = [site.sha256, older && (await sumOf(site, older))];
  await checkNoLie(site, sums).catch((error: Error) => fail(where, error));
  const done = await finished(site);
  for (const { front } of [site.source, site.target]) front.clear();
  const ended = await site.run('create', ...flags);
  assert.equal(ended.exitCode, 0, `${where}: the next run ended with\n${ended.stderr}`);
  await checkMade(site).catch((error: Error) => fail(where, error));
  const again = askedAgain(site, done);
  assert.ok(again <= mostAgain, `${where}: ${again} % of what was finished was fetched again`);
  return [again];
}

function fail(where: string, error: Error): never {
  throw new Error(`${where}: ${error.message}`, { cause: error });
}

function anywhereCase(at: number): Case {
  const verb = verbs[at % verbs.length] as Verb;
  return {
    name: `${verb}, anywhere, ${at + 1}`,
    seconds: 180,
    run: async (random) => killedAnywhere(await sites.at('distribution'), verb, random),
  };
}

async function killedAnywhere(site: Site, verb: Verb, random: Random): Promise<Verdict> {
  const whom: Victim = random.chance(0.5) ? 'group' : 'program';
  const killed = await killedAt(site, verb, random.below(verb === 'create' ? 25 : 90), whom);
  await checkNothingHalf(site, verb);
  const done = verb === 'create' ? await finished(site) : new Set<string>();
  site.source.front.clear();
  await checkDone(site, verb, await site.run(verb));
  const again = askedAgain(site, done);
  assert.ok(again <= mostAgain, `${again} % of what was finished was fetched again`);
  return killed.stdout === '' ? survived() : notApplicable;
}
