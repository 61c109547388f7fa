import { strict as assert } from 'node:assert';
import { checkRefused } from '../checks.ts';
import type { Random } from '../random.ts';
import type { Site } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, notApplicable, type Size, survived, type Trial } from '../trial.ts';
import { loadCase } from './loads.ts';
import { checkMade, checkNoLie, sumOf } from './outcome.ts';
import { pointsOf, prepare, type ShapeName, shapes } from './points.ts';
import { type Change, changes, countOf, type Fault, type Faulted, runWithFault } from './strace.ts';

const sites = new Sites();

/** What a disk can answer: full, over its quota, read-only by now, broken. */
const errors = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'] as const;

export const t33: Trial = {
  id: 'T33',
  title:
    'ENOSPC, EDQUOT, EROFS, EIO at every change of a file: exit 10 or done, the old bundle or the new',
  star: false,
  cases: (size) => {
    const creates = shapes.flatMap((shape) => changes.map((call) => createCase(shape, call, size)));
    return [...creates, ...changes.map((call) => loadCase(sites, call, size, anyError, checkEnd))];
  },
  close: sites.close,
};

function createCase(shape: ShapeName, call: Change, size: Size): Case {
  return {
    name: `create of ${shape}: ${call}`,
    seconds: 1_200,
    run: async (random) => {
      const site = await sites.at('distribution');
      const { flags } = await prepare(site, shape);
      const points = pointsOf(await countOf(site, 'create', call, ...flags), size, random);
      const counts = { points: 0, 'exit 10': 0, done: 0, missed: 0 };
      for (const at of points)
        counts[await failedCreate(site, shape, { call, at, error: errorFor(random) })]++;
      counts.points = points.length - counts.missed;
      return counts.points > 0 ? survived(counts) : notApplicable;
    },
  };
}

interface Point {
  readonly call: Change;
  readonly at: number;
  readonly error: string;
}

const errorFor = (random: Random): string => random.pick(errors);

/** Done in spite of it: what failed was a hint. Missed: the run made fewer such calls than the one that was counted. */
type End = 'exit 10' | 'done' | 'missed';

async function failedCreate(
  site: Site,
  shape: ShapeName,
  { call, at, error }: Point,
): Promise<End> {
  const where = `${call} ${at} with ${error}`;
  const { flags, older } = await prepare(site, shape);
  const fault = { call, at, fault: `error=${error}` } as const;
  const ended = await runWithFault(site, 'create', fault, ...flags);
  try {
    if (ended.exitCode === 0) assert.equal(await sumOf(site), site.sha256, 'it is not done');
    else checkRefused(ended, 10);
    await checkNoLie(site, [site.sha256, older && (await sumOf(site, older))]);
    const next = await site.run('create', ...flags);
    assert.equal(next.exitCode, 0, `the next run ended with\n${next.stderr}`);
    await checkMade(site);
  } catch (cause) {
    throw new Error(`${where}: ${(cause as Error).message}`, { cause });
  }
  if (!ended.isHit) return 'missed';
  return ended.exitCode === 0 ? 'done' : 'exit 10';
}

const anyError = (random: Random): Fault => `error=${errorFor(random)}`;

function checkEnd(ended: Faulted): void {
  if (ended.exitCode !== 0) checkRefused(ended, 10);
}
