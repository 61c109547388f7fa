import { strict as assert } from 'node:assert';
import { cp, mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended, Outcome } from '../../test/helpers/job.ts';
import { checkEndState, checkRefused } from '../checks.ts';
import type { Random } from '../random.ts';
import { type Site, type Verb, verbs } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();

export const t37: Trial = {
  id: 'T37',
  title:
    'two runs at once, of one folder or into one target: the second is refused with 12, or both are right',
  star: true,
  cases: (size) => {
    const rounds = { smoke: 1, small: 4, full: 50 }[size];
    const each = (places: readonly Place[], ofVerbs: readonly Verb[]) =>
      Array.from({ length: rounds }, (_, round) =>
        places.flatMap((place) => ofVerbs.map((verb) => twiceCase(verb, place, round))),
      ).flat();
    return [...each(['one folder'], verbs), ...each(['one target'], ['mirror', 'load'])];
  },
  close: sites.close,
};

type Place = 'one folder' | 'one target';

function twiceCase(verb: Verb, place: Place, round: number): Case {
  return {
    name: `${verb}, ${place}, ${round + 1}`,
    seconds: 120,
    run: async (random) => twice(await sites.at('distribution'), verb, place, random),
  };
}

async function twice(site: Site, verb: Verb, place: Place, random: Random): Promise<Verdict> {
  const other = place === 'one folder' ? {} : await secondFolder(site);
  const first = site.run(verb);
  await sleep(random.below(400));
  const both = await Promise.all([first, site.runWith(other, verb)]);
  const refused = both.filter(({ exitCode }) => exitCode !== 0);
  assert.ok(refused.length < 2, 'none of the two was done');
  if (place === 'one target') assert.deepEqual(refused.map(said), []);
  for (const ended of refused) checkRefused(ended, 12, /another run holds/);
  await checkEndState(site, verb);
  return survived({ refused: refused.length });
}

const said = ({ exitCode, stderr }: Ended<Outcome>): string => `${exitCode}\n${stderr}`;

/** A work folder and a home of its own, for the same bundle and target. */
async function secondFolder({ job }: Site) {
  const cwd = job.path('second');
  await mkdir(`${cwd}/state`, { recursive: true });
  for (const name of ['bundle.yaml', 'bundle.key', 'bundle.pub', 'image-swap-1.5.3.tgz', 'clean'])
    await cp(job.path(name), `${cwd}/${name}`, { recursive: true });
  return { cwd, env: { XDG_STATE_HOME: `${cwd}/state` } };
}
